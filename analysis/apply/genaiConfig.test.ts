import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedOnnx, HEADS, WIDTH } from '../../tests/builders/cachedOnnx.ts';
import { writeTinyCheckpoint, type TinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { deploy, planFor } from '../../tests/builders/deployed.ts';
import { writeOnnxFolder } from '../../tests/builders/onnxFolder.ts';
import { ModelProtoSchema, type ValueInfoProto } from '../proto/onnx_pb.ts';
import { makePlan } from '../plan/planFile.ts';
import { planSpans } from '../plan/spans.ts';
import type { Sources } from '../plan/types.ts';

const LAYERS = 5;

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-genai-'));
});
afterAll(() => rm(scratch, { recursive: true }));

let folders = 0;
function newFolder(): string {
	return join(scratch, `folder-${folders++}`);
}

/** Fields of a genai_config.json that must agree with the graph beside it. */
interface Genai {
	model: {
		vocab_size: number;
		decoder: {
			filename: string;
			head_size: number;
			hidden_size: number;
			num_attention_heads: number;
			num_hidden_layers: number;
			num_key_value_heads: number;
			inputs: Record<string, string>;
			outputs: Record<string, string>;
		};
	};
	search: { past_present_share_buffer: boolean };
}

async function readJson<T>(folder: string, name: string): Promise<T> {
	return JSON.parse(await readFile(join(folder, name), 'utf8')) as T;
}

async function graphOf(folder: string, file = 'model.onnx') {
	const { graph } = fromBinary(ModelProtoSchema, await readFile(join(folder, file)));
	if (graph === undefined) throw new TypeError('no graph');
	return graph;
}

/** Names as a runtime makes them of what the configuration says, for every layer. */
function expanded(names: Record<string, string>, layers: number): string[] {
	return Object.values(names)
		.flatMap((name) =>
			name.includes('%d')
				? Array.from({ length: layers }, (_, layer) => name.replace('%d', String(layer)))
				: [name]
		)
		.sort();
}

const namesOf = (values: readonly ValueInfoProto[]) => values.map(({ name }) => name).sort();

function sizesOf({ type }: ValueInfoProto): (number | null)[] {
	if (type?.value.case !== 'tensorType') return [];
	return (type.value.value.shape?.dim ?? []).map(({ value }) =>
		value.case === 'dimValue' ? Number(value.value) : null
	);
}

const models: [string, TinyCheckpoint, boolean][] = [
	['GroupQueryAttention', { config: { head_dim: 16 } }, true],
	['Qwen3', { architecture: 'Qwen3ForCausalLM', config: { head_dim: 16 } }, true],
	['plain operators, which append to a cache', {}, false]
];

describe('genai_config.json beside a model made from a checkpoint', () => {
	it.each(models)(
		'%s: names inputs and outputs as the graph does, and sizes',
		async (_, given, inPlace) => {
			for (const dtype of ['fp32', 'fp16'] as const) {
				const model = newFolder();
				const config = { ...given.config, num_hidden_layers: LAYERS };
				await writeTinyCheckpoint(model, { ...given, config });
				const out = await deploy(model, newFolder(), { dtype });
				const genai = await readJson<Genai>(out, 'genai_config.json');
				const { decoder, vocab_size } = genai.model;
				const graph = await graphOf(out, decoder.filename);
				expect(expanded(decoder.inputs, decoder.num_hidden_layers)).toEqual(namesOf(graph.input));
				expect(expanded(decoder.outputs, decoder.num_hidden_layers)).toEqual(namesOf(graph.output));
				const heads = [decoder.num_key_value_heads, decoder.head_size];
				for (const value of [...graph.input, ...graph.output]) {
					if (!/^(past|present)/.test(value.name)) continue;
					const [, kvHeads, , width] = sizesOf(value);
					expect([kvHeads, width], value.name).toEqual(heads);
				}
				expect(graph.output.map(sizesOf)[0].at(-1)).toBe(vocab_size);
				expect(genai.search.past_present_share_buffer).toBe(inPlace);
				expect(await readJson(out, 'config.json')).toMatchObject({
					hidden_size: decoder.hidden_size,
					num_hidden_layers: decoder.num_hidden_layers,
					num_attention_heads: decoder.num_attention_heads,
					num_key_value_heads: decoder.num_key_value_heads
				});
			}
		}
	);

	it('under a plan, it names all that there is, and besides only what the plan does away with', async () => {
		const model = newFolder();
		await writeTinyCheckpoint(model, { config: { head_dim: 16, num_hidden_layers: LAYERS } });
		const sources: Sources = [0, 0, 2, null, 4];
		const out = await deploy(model, newFolder(), { plan: await planFor(model, sources) });
		const { model: said, search } = await readJson<Genai>(out, 'genai_config.json');
		const graph = await graphOf(out, said.decoder.filename);
		for (const [names, values, prefix] of [
			[said.decoder.inputs, graph.input, 'past_key_values'],
			[said.decoder.outputs, graph.output, 'present']
		] as const) {
			const there = namesOf(values);
			const named = expanded(names, LAYERS);
			expect(there.filter((name) => !named.includes(name))).toEqual([]);
			expect(named.filter((name) => !there.includes(name))).toEqual([
				`${prefix}.3.key`,
				`${prefix}.3.value`
			]);
		}
		expect(search.past_present_share_buffer).toBe(false);
		// The model has as many layers as before: what is said of layers counts them all.
		expect(said.decoder.num_hidden_layers).toBe(LAYERS);
		const { cache } = await readJson<{ cache: unknown }>(out, 'spanwise.json');
		expect(cache).toEqual({ keys: [0, 2, 4], values: [0, 1, 2, 4] });
	});
});

describe('genai_config.json of an ONNX model that is rewritten', () => {
	const given = {
		model: {
			decoder: {
				filename: 'model.onnx',
				head_size: WIDTH,
				num_hidden_layers: 4,
				num_key_value_heads: 2,
				num_attention_heads: HEADS,
				inputs: {
					past_key_names: 'past_key_values.%d.key',
					past_value_names: 'past_key_values.%d.value'
				}
			}
		},
		search: { past_present_share_buffer: true, top_k: 5 }
	};

	async function written(sources: Sources): Promise<string> {
		const file = await writeOnnxFolder(newFolder(), cachedOnnx({ form: 'groupQuery' }));
		await writeFile(join(dirname(file), 'genai_config.json'), JSON.stringify(given));
		const model = { name: 'm', architecture: 'ONNX', layers: 4, heads: 4, kvHeads: 2, hash: '' };
		const spans = planSpans(sources, null);
		const plan = makePlan({ model, sources, spans, definition: null, predicted: null });
		return deploy(file, newFolder(), { plan, dtype: null });
	}

	it('stays as it was where nothing is shared', async () => {
		const out = await written([0, 1, 2, 3]);
		expect(await readJson(out, 'genai_config.json')).toEqual(given);
	});

	it('says under a plan that the cache is not written in place, and all else as before', async () => {
		const out = await written([0, 1, 1, null]);
		const search = { ...given.search, past_present_share_buffer: false };
		expect(await readJson(out, 'genai_config.json')).toEqual({ ...given, search });
		const { inputs } = given.model.decoder;
		const there = namesOf((await graphOf(out)).input).filter((name) => name.startsWith('past'));
		expect(expanded(inputs, 4).filter((name) => !there.includes(name))).toEqual([
			'past_key_values.3.key',
			'past_key_values.3.value'
		]);
	});
});
