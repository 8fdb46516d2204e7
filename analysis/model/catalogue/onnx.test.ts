import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_DOWNLOADS } from '../../../tests/builders/noDownloads.ts';
import { onnxBytes } from '../../../tests/builders/cachedOnnx.ts';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { deploy, planFor } from '../../../tests/builders/deployed.ts';
import { SIZES, smallDecoder, smallDecoderBytes } from '../../../tests/builders/onnxDecoder.ts';
import { tinyTokenizer } from '../../../tests/builders/tokenizer.ts';
import type { ModelListing } from '../checkpoint/types.ts';
import { FLOAT, GraphBuilder, INT64 } from '../../proto/builder.ts';
import { discoverModels } from './discover.ts';
import { OnnxExaminer } from './onnx.ts';
import { modelReport } from './report.ts';
import { resolveModel } from './resolve.ts';

let home: string;
beforeEach(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-models-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const CONFIG = {
	architectures: ['LlamaForCausalLM'],
	num_hidden_layers: SIZES.layers,
	num_attention_heads: SIZES.heads,
	num_key_value_heads: SIZES.kvHeads,
	hidden_size: SIZES.hidden,
	intermediate_size: 64
};

/** Writes files below `home`, and what belongs to a model into the folders named. */
async function write(files: Record<string, Uint8Array | string>, folders: string[]): Promise<void> {
	const beside = folders.flatMap((folder): [string, string][] => [
		[`${folder}/config.json`, JSON.stringify(CONFIG)],
		[`${folder}/tokenizer.json`, JSON.stringify(tinyTokenizer(true))]
	]);
	for (const [name, content] of [...Object.entries(files), ...beside]) {
		await mkdir(dirname(join(home, name)), { recursive: true });
		await writeFile(join(home, name), content);
	}
}

function find(folders: string[], env: Record<string, string> = {}) {
	const paths = folders.map((folder) => join(home, folder));
	return discoverModels({
		bundled: '/nowhere',
		folders: paths,
		env: { ...NO_DOWNLOADS, ...env }
	});
}

/** id, form and path of each. */
function said(listings: readonly ModelListing[]): string[][] {
	return listings.map(({ id, form, folder }) => [id, form, relative(home, folder)]);
}

/** A graph that takes what `input` names and multiplies it: no attention in it. */
function plain(input: string, output: string): Uint8Array {
	const graph = new GraphBuilder('plain');
	if (input === 'input_ids') {
		graph.input(input, ['batch', 'tokens'], INT64);
		graph.node('embed', 'Gather', [graph.constant('table', new Float32Array(4), [2, 2]), input], {
			outputs: [output]
		});
	} else {
		graph.input(input, ['batch', 'tokens', 2], FLOAT);
		graph.node('double', 'Add', [input, input], { outputs: [output] });
	}
	graph.output(output, ['batch', 'tokens', 2]);
	return graph.build();
}

/** The small decoder with its input called otherwise, and without logits: an encoder of images. */
function visionEncoder(): Uint8Array {
	const proto = smallDecoder({ inputs: [] });
	const { graph } = proto;
	for (const node of graph?.node ?? []) {
		node.input = node.input.map((name) => (name === 'input_ids' ? 'pixel_values' : name));
		node.output = node.output.map((name) => (name === 'logits' ? 'image_features' : name));
	}
	for (const info of [...(graph?.input ?? []), ...(graph?.output ?? [])]) {
		if (info.name === 'input_ids') info.name = 'pixel_values';
		if (info.name === 'logits') info.name = 'image_features';
	}
	return onnxBytes(proto);
}

describe('ONNX models in --models folders', () => {
	it('are listed with their facts, and `folder` is the file', async () => {
		await write({ 'small/model.onnx': smallDecoderBytes() }, ['small']);
		const [model] = await find(['small']);
		expect(model).toMatchObject({
			id: 'small',
			name: 'small',
			folder: join(home, 'small', 'model.onnx'),
			form: 'onnx',
			origin: 'folder',
			problem: null,
			facts: { architecture: 'LlamaForCausalLM', layers: 3, heads: 4, kvHeads: 2, dtype: 'float32' }
		});
	});

	it('lie beside config.json or in onnx, each file a model of its own, in a folder of models or one by itself', async () => {
		const bytes = smallDecoderBytes();
		await write(
			{
				'all/community/onnx/model.onnx': bytes,
				'all/community/onnx/model_fp16.onnx': bytes,
				'all/community/onnx/model_q4.onnx': smallDecoderBytes({ weights: 'MatMulNBits' }),
				'all/flat/model.onnx': bytes,
				'all/.partial-flat/model.onnx': bytes,
				'all/notes/readme.txt': '',
				'all/loose.onnx': bytes
			},
			['all/community', 'all/flat']
		);
		const listings = await find(['all', 'all/community']);
		expect(said(listings)).toEqual([
			['all/loose', 'onnx', 'all/loose.onnx'],
			['community', 'onnx', 'all/community/onnx/model.onnx'],
			['community/model_fp16', 'onnx', 'all/community/onnx/model_fp16.onnx'],
			['community/model_q4', 'onnx', 'all/community/onnx/model_q4.onnx'],
			['flat', 'onnx', 'all/flat/model.onnx']
		]);
		expect(listings.map(({ problem }) => problem === null)).toEqual([
			false,
			true,
			true,
			true,
			true
		]);
		expect(listings[0].problem).toMatch(/all: no tokenizer\.json/);
		expect(listings[3].facts).toMatchObject({ layers: 3, heads: 4 });
		expect(await resolveModel('community/model_q4', () => Promise.resolve(listings))).toBe(
			join(home, 'all/community/onnx/model_q4.onnx')
		);
	});

	it('stand beside the checkpoint of the same folder', async () => {
		const folder = join(home, 'both');
		await writeTinyCheckpoint(folder);
		const bytes = smallDecoderBytes();
		await write({ 'both/onnx/model.onnx': bytes, 'both/onnx/model_q4.onnx': bytes }, []);
		const listings = await find(['both']);
		expect(said(listings)).toEqual([
			['both', 'checkpoint', 'both'],
			['both/model', 'onnx', 'both/onnx/model.onnx'],
			['both/model_q4', 'onnx', 'both/onnx/model_q4.onnx']
		]);
		expect(listings.map(({ name }) => name)).toEqual(['both', 'both', 'both/model_q4']);
		expect(await resolveModel('both', () => Promise.resolve(listings))).toBe(folder);
	});

	it('have ids that no other model has', async () => {
		for (const place of ['a', 'b']) {
			await write({ [`${place}/same/model.onnx`]: smallDecoderBytes() }, [`${place}/same`]);
		}
		expect((await find(['a', 'b'])).map(({ id }) => id)).toEqual(['same', 'same-2']);
	});

	it('as `spanwise apply` writes them: as they are, or with the reason why a planned one is not analysed', async () => {
		const model = join(home, 'model');
		await writeTinyCheckpoint(model, { config: { head_dim: 16 } });
		await deploy(model, join(home, 'written', 'baseline'));
		const plan = await planFor(model, [0, 0, 2]);
		await deploy(model, join(home, 'written', 'planned'), { plan });
		const listings = await find(['written']);
		expect(listings.map(({ id, form }) => [id, form])).toEqual([
			['baseline', 'onnx'],
			['planned', 'onnx']
		]);
		expect(listings[0].problem).toBeNull();
		expect(listings[1].problem).toMatch(/by the plan in spanwise\.json: use model, .*made from/);
		expect(listings.map(({ planned }) => planned)).toEqual([null, { layers: 3, attending: 2 }]);
		expect(listings.map(({ facts }) => facts?.layers)).toEqual([3, 3]);
		expect(listings[1].facts?.reach).toEqual([null, null, null]);

		const [baseline, planned] = await Promise.all(listings.map(modelReport));
		expect(baseline.layers.map(({ layer }) => layer)).toEqual([0, 1, 2]);
		expect(baseline.layers.every(({ shareable }) => shareable.possible)).toBe(true);
		expect(planned.layers.map(({ layer }) => layer)).toEqual([0, 2]);
		for (const { shareable } of planned.layers) {
			expect(shareable).toEqual({ possible: false, why: 'already written with a plan' });
		}
	});

	it('that are broken are listed with the reason, and the others all the same', async () => {
		const bytes = smallDecoderBytes();
		await write(
			{
				'all/bad/model.onnx': bytes.subarray(0, bytes.length - 1),
				'all/good/model.onnx': bytes,
				'all/mute/model.onnx': bytes,
				'all/pointer/model.onnx': 'version https://git-lfs.github.com/spec/v1'
			},
			['all/bad', 'all/good', 'all/pointer']
		);
		const listings = await find(['all']);
		const problems = Object.fromEntries(listings.map(({ id, problem }) => [id, problem]));
		expect(Object.keys(problems)).toEqual(['bad', 'good', 'mute', 'pointer']);
		expect(problems.bad).toMatch(
			/cannot be read as an ONNX model: .* cut short or of another kind/
		);
		expect(problems.good).toBeNull();
		expect(problems.mute).toMatch(/no tokenizer\.json/);
		expect(problems.pointer).toMatch(
			/pointer\/model\.onnx: a Git LFS pointer, not the file itself; run git lfs pull/
		);
	});

	it('that cannot be language models are passed over; what might be one says why it is not', async () => {
		await write(
			{
				'multi/onnx/decoder.onnx': onnxBytes(withoutLogits()),
				'multi/onnx/embed_tokens.onnx': plain('input_ids', 'inputs_embeds'),
				'multi/onnx/lm_head.onnx': plain('hidden_states', 'logits'),
				'multi/onnx/vision_encoder.onnx': visionEncoder(),
				'multi/onnx/unknown.onnx': plain('input_ids', 'logits')
			},
			['multi']
		);
		const listings = await find(['multi']);
		expect(listings.map(({ id }) => id)).toEqual(['multi/decoder', 'multi/unknown']);
		expect(listings[0].problem).toMatch(/outputs hidden; expected logits among them/);
		expect(listings[1].problem).toMatch(/no attention that is known; operators: Gather 1/);
	});

	it('leave a config.json without any model the problem that it has', async () => {
		await write({ 'parts/onnx/embed_tokens.onnx': plain('input_ids', 'inputs_embeds') }, ['parts']);
		const [listing, ...others] = await find(['parts']);
		expect(others).toEqual([]);
		expect(listing.form).toBe('checkpoint');
		expect(listing.problem).not.toBeNull();
	});
});

function withoutLogits() {
	const proto = smallDecoder();
	for (const node of proto.graph?.node ?? []) {
		node.output = node.output.map((name) => (name === 'logits' ? 'hidden' : name));
	}
	for (const info of proto.graph?.output ?? []) info.name = 'hidden';
	return proto;
}

describe('ONNX models in the Hugging Face cache', () => {
	it('are found through their links, in onnx and deeper, under the name of the repository', async () => {
		const repository = 'hf/hub/models--org--name';
		await write({ [`${repository}/blobs/aa`]: smallDecoderBytes() }, [`${repository}/blobs`]);
		const blobs = join(home, repository, 'blobs');
		const snapshot = join(home, repository, 'snapshots', '1111111111');
		for (const [path, blob] of [
			['config.json', 'config.json'],
			['tokenizer.json', 'tokenizer.json'],
			['onnx/model.onnx', 'aa'],
			['onnx/model_q4.onnx', 'aa'],
			['cpu/int4/config.json', 'config.json'],
			['cpu/int4/tokenizer.json', 'tokenizer.json'],
			['cpu/int4/model.onnx', 'aa']
		]) {
			const link = join(snapshot, path);
			await mkdir(dirname(link), { recursive: true });
			await symlink(relative(dirname(link), join(blobs, blob)), link);
		}
		const listings = await find([], { HF_HOME: join(home, 'hf') });
		expect(listings.map(({ id, name, problem }) => [id, name, problem])).toEqual([
			['org/name/cpu/int4', 'int4', null],
			['org/name', 'org/name', null],
			['org/name/model_q4', 'org/name/model_q4', null]
		]);
		expect(listings[1].folder).toBe(join(snapshot, 'onnx', 'model.onnx'));
		const report = await modelReport(listings[1]);
		expect(report.files.map(({ name }) => name)).toEqual(['model.onnx']);
		expect(report.layers).toHaveLength(3);
	});
});

describe('OnnxExaminer', () => {
	it('looks again only where the file or what lies beside it is another', async () => {
		await write({ 'small/model.onnx': smallDecoderBytes() }, ['small']);
		const file = join(home, 'small', 'model.onnx');
		const examiner = new OnnxExaminer();
		const first = await examiner.examine(file);
		expect(first?.problem).toBeNull();
		expect(await examiner.examine(file)).toBe(first);

		await rm(join(home, 'small', 'tokenizer.json'));
		expect((await examiner.examine(file))?.problem).toMatch(/no tokenizer\.json/);

		await truncate(file, 100);
		expect((await examiner.examine(file))?.problem).toMatch(
			new RegExp(`${basename(file)}: cannot`)
		);
	});
});
