import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { plannedLayers } from '../../analysis/apply/planned.ts';
import { requireTarget } from '../../analysis/apply/targets.ts';
import { refusalOf } from '../../analysis/engine/checkPlan.ts';
import { engineFor } from '../../analysis/engine/engineFor.ts';
import { pythonOf } from '../../analysis/engine/torchSettings.ts';
import { isInputError } from '../../analysis/errors.ts';
import { requireCheckpoint, withModel, type Model } from '../../analysis/model/open.ts';
import { similarityMatrix } from '../../analysis/similarity/measure.ts';
import { Reporter } from '../../analysis/telemetry/reporter.ts';
import { Stopwatch } from '../../analysis/telemetry/stopwatch.ts';

interface Figures {
	loss: number;
	/** Of each pair of layers. */
	cosine: number[][];
}

interface MeasuredFigures extends Figures {
	/** Sliding windows by layer, as the run found them and as they were known before; null: none. */
	reach: (number | null)[] | null;
	known: (number | null)[];
}

/** Figures of transformers on one window, and of the PyTorch engine; see models.py. */
interface Reference extends Figures {
	ids: number[];
	torch: Figures | { refused: string };
}

/** Largest differences from transformers; or why the engine does not run the model. */
type Agreement = { loss: number; similarity: number } | { refused: string };

/** A quantised format: how far the own engine is from transformers with the weights dequantised. */
interface FormatRow {
	format: string;
	dtype: string;
	loss: number;
}

interface Row {
	architecture: string;
	own: Agreement;
	torch: Agreement;
	/** Forms in which planned models can be written. */
	written: string[];
}

const QUANTISED = 'tests/fixtures/quantised';
/** Format of the weights of each checkpoint in that folder. */
const FORMATS: Readonly<Record<string, string>> = {
	'fp8-block': 'FP8 by block (fp8)',
	'fp8-cut': 'FP8 by block, the last blocks cut off',
	'fp8-row': 'FP8 by row (fbgemm_fp8)',
	'fp8-tensor': 'FP8 by tensor (fp8)',
	'moe-fp8': 'FP8 by block, a mixture of experts',
	'ct-float': 'compressed-tensors, float-quantized',
	'ct-int4': 'compressed-tensors, pack-quantized, symmetric',
	'ct-int4-zero': 'compressed-tensors, pack-quantized, zero points, inputs reordered',
	'ct-int3': 'compressed-tensors, pack-quantized, values in two words',
	'ct-int8': 'compressed-tensors, int-quantized',
	'ct-nvfp4': 'compressed-tensors, nvfp4-pack-quantized',
	'ct-mxfp4': 'compressed-tensors, mxfp4-pack-quantized',
	gptq: 'GPTQ, inputs reordered',
	'gptq-v2': 'GPTQ, version 2',
	'gptq-says-v1': 'GPTQ, version 2 that says 1',
	'gptq-int3': 'GPTQ, values in two words',
	awq: 'AWQ (gemm)',
	'awq-fused': 'AWQ (gemm), q, k and v in one tensor',
	'modelopt-fp8': 'modelopt, FP8',
	'modelopt-nvfp4': 'modelopt, NVFP4',
	'gpt-oss': 'MXFP4 of gpt-oss',
	'bnb-int8': 'bitsandbytes, 8 bits',
	'bnb-nf4': 'bitsandbytes, NF4, scales quantised too',
	'bnb-fp4': 'bitsandbytes, FP4'
};

const TOLERANCE = 1e-5;
const MEMORY = 2 ** 33;
const TORCH = { device: 'cpu', dtype: 'float32' } as const;
/** Fewest architectures that one engine or the other is to run. */
const FEWEST = 33;

let scratch: string;
let models: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-models-'));
	models = join(scratch, 'models');
	const made = spawnSync(pythonOf(process.env), ['tests/python/models.py', models], {
		encoding: 'utf8'
	});
	expect(made.status, made.stderr).toBe(0);
});
afterAll(() => rm(scratch, { recursive: true }));

async function referenceOf(folder: string): Promise<Reference> {
	return JSON.parse(await readFile(join(folder, 'reference.json'), 'utf8')) as Reference;
}

/** The figures of a model by an engine of the program: its own, or PyTorch in a worker (`torch`). */
function measured(
	folder: string,
	ids: readonly number[],
	torch: typeof TORCH | null = null
): Promise<MeasuredFigures> {
	const run = async (model: Model): Promise<MeasuredFigures> => {
		const context = ids.length;
		const statistics = {
			...{ views: ['all' as const], gram: true, sqrt: false },
			...{ jsQueries: null, windowCount: 1 }
		};
		const { layers, heads } = model.facts;
		const task = { work: 1, layers, windows: 1, context };
		const { sums, loss, seen } = await engineFor(model, torch)
			.capture(context, statistics, MEMORY)
			.capture(
				[{ ids: [...ids], start: 0, document: 0 }],
				scratch,
				new Reporter(task, () => undefined),
				new Stopwatch()
			);
		const flat = similarityMatrix({ ...sums[0], layers, heads, windowCount: 1 }, 'cosine');
		const cosine = Array.from({ length: layers }, (_, layer) => [
			...flat.subarray(layer * layers, (layer + 1) * layers)
		]);
		return { loss, cosine, reach: seen?.reach ?? null, known: model.facts.reach };
	};
	return withModel(folder, run, { forOther: torch !== null });
}

function apart(found: Figures, reference: Figures): { loss: number; similarity: number } {
	const differences = reference.cosine.flatMap((row, layer) =>
		row.map((value, other) => Math.abs(value - found.cosine[layer][other]))
	);
	return {
		loss: Math.abs(found.loss - reference.loss),
		similarity: Math.max(...differences)
	};
}

async function ownAgreement(folder: string, reference: Reference): Promise<Agreement> {
	try {
		return apart(await measured(folder, reference.ids), reference);
	} catch (error) {
		if (!isInputError(error)) throw error;
		return { refused: error.message };
	}
}

function formsOf(folder: string): Promise<string[]> {
	return withModel(
		folder,
		async (model) => {
			requireCheckpoint(model);
			const { checkpoint, reader } = model;
			const planned = await plannedLayers(null, '.', checkpoint, reader);
			const forms: string[] = [];
			for (const target of ['onnx', 'transformers'] as const) {
				const refusal = await refusalOf(() => requireTarget(model, target, planned));
				if (refusal === null) forms.push(target);
			}
			return forms;
		},
		{ forOther: true }
	);
}

/** A difference as the power of ten that it is below, 1e-5 at the least: further digits are those of a processor. */
function below(difference: number): string {
	return `< 1e${Math.max(-5, Math.floor(Math.log10(difference)) + 1)}`;
}

function cell(agreed: Agreement): string {
	if ('refused' in agreed) return 'no';
	return `loss ${below(agreed.loss)}, similarity ${below(agreed.similarity)}`;
}

async function formatRow(name: string): Promise<FormatRow> {
	const folder = join(QUANTISED, name);
	const { ids, loss } = await referenceOf(folder);
	const found = await measured(folder, ids);
	const dtype = await withModel(folder, (model) => Promise.resolve(model.facts.dtype));
	return { format: FORMATS[name] ?? name, dtype, loss: Math.abs(found.loss - loss) };
}

/** Names of the folders in a folder, in order. */
async function foldersIn(folder: string): Promise<string[]> {
	const entries = await readdir(folder, { withFileTypes: true });
	const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
	return names.toSorted((a, b) => a.localeCompare(b));
}

function page(rows: readonly Row[], formats: readonly FormatRow[]): string {
	const lines = rows.map(
		({ architecture, own, torch, written }) =>
			`| ${architecture} | ${cell(own)} | ${cell(torch)} | ${written.join(', ') || 'no'} |`
	);
	return `# Models

Every architecture below was run as a tiny random model in float32 by Hugging Face transformers (eager attention) and by both
engines of Spanwise, where they take it. A cell gives the largest difference of the mean loss (nats/token) and of the layers'
cosine similarity. \`npm run models\` makes the models, compares them and writes this file. It needs a Python with what
\`python/pyproject.toml\` names.

- **own engine**: onnxruntime in the program itself. \`analyze\`, \`damage\`, \`search\` and \`evaluate\` use it unless told otherwise.
- **torch engine**: \`spanwise analyze --engine torch\`. It runs checkpoints that the own engine refuses, as long as transformers loads them and can replace their attention.
- **planned models**: what \`spanwise apply\` writes of the checkpoint itself, with followers. An ONNX export of any model can be rewritten instead.

| architecture | own engine | torch engine | planned models |
| --- | --- | --- | --- |
${lines.join('\n')}

Yi, Falcon3 and DeepSeek-R1-Distill are checkpoints of the class LlamaForCausalLM or Qwen2ForCausalLM, Phi-4-mini of Phi3ForCausalLM,
Pythia of GPTNeoXForCausalLM. GGUF files are read of Llama, Mistral, Qwen2, Qwen3 and Gemma 1 to 3: SmolLM2-135M as Q8_0 and as
Q4_0 differs from transformers' own loading of the same files, in float32, by less than 2e-5 in loss and 1e-6 in similarity, and
files of Gemma are compared with what llama.cpp computes of them.

## Quantised weights

The own engine computes quantised weights of layers as float32 while it reads them; activations are not quantised. Each format
was read of a tiny random model, and its mean loss (nats/token) compared with that of transformers' plain model that has the
dequantised weights. Such a model is streamed layer by layer, each layer being decoded and packed anew for every group of windows,
which is the slow way; a run says so. Quantised embeddings are refused. \`apply\` writes the weights as float32.

| format | weights | difference of the loss |
| --- | --- | --- |
${formats.map(({ format, dtype, loss }) => `| ${format} | ${dtype} | ${below(loss)} |`).join('\n')}

Mixtures of experts are computed exactly and not fast: every expert is computed for every token. Heads of gpt-oss have a sink,
so that a row of attention sums to less than one; [metrics.md](metrics.md) says what measures make of it.

## Why not

${rows
	.flatMap(({ architecture, own, torch }) => [
		...('refused' in own ? [`- ${architecture}, own engine: ${shortened(own.refused)}`] : []),
		...('refused' in torch ? [`- ${architecture}, torch engine: ${shortened(torch.refused)}`] : [])
	])
	.join('\n')}
`;
}

/** A message without paths, what is supported and advice. */
function shortened(message: string): string {
	return message.replace(/\S*models\/\S+: /g, '').replace(/; (supported|spanwise analyze).*/s, '');
}

it('PyTorch runs a checkpoint that the own engine refuses, by name', async () => {
	const folder = join(models, 'PhiForCausalLM');
	const reference = await referenceOf(folder);
	await expect(measured(folder, reference.ids)).rejects.toThrow(
		'spanwise analyze --engine torch runs most decoders that transformers loads'
	);
	const { loss, similarity } = apart(await measured(folder, reference.ids, TORCH), reference);
	expect(loss).toBeLessThan(TOLERANCE);
	expect(similarity).toBeLessThan(TOLERANCE);
});

it.each(['MistralForCausalLM', 'Gemma2ForCausalLM', 'GptOssForCausalLM'])(
	'PyTorch finds the sliding windows of %s that its config.json says',
	async (name) => {
		const folder = join(models, name);
		const { ids } = await referenceOf(folder);
		const { reach, known } = await measured(folder, ids, TORCH);
		expect(reach).toEqual(known);
		expect(reach).toContain(11);
	}
);

it('docs/models.md says what agrees with transformers; npm run models writes it', async () => {
	const rows: Row[] = [];
	for (const architecture of await foldersIn(models)) {
		const folder = join(models, architecture);
		const reference = await referenceOf(folder);
		const own = await ownAgreement(folder, reference);
		const torch =
			'refused' in reference.torch ? reference.torch : apart(reference.torch, reference);
		rows.push({ architecture, own, torch, written: await formsOf(folder) });
	}
	const agrees = (agreed: Agreement): boolean =>
		!('refused' in agreed) && agreed.loss < TOLERANCE && agreed.similarity < TOLERANCE;
	for (const { architecture, own, torch } of rows) {
		for (const agreed of [own, torch]) {
			if (!('refused' in agreed)) expect(agrees(agreed), architecture).toBe(true);
		}
	}
	const formats: FormatRow[] = [];
	for (const name of await foldersIn(QUANTISED)) formats.push(await formatRow(name));
	for (const { format, loss } of formats) expect(loss, format).toBeLessThan(TOLERANCE);
	const covered = rows.filter(({ own, torch }) => agrees(own) || agrees(torch));
	expect(covered.length).toBeGreaterThanOrEqual(FEWEST);
	await expect(page(rows, formats)).toMatchFileSnapshot('../../docs/models.md');
});
