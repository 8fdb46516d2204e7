import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachedOnnx, onnxBytes } from '../../tests/builders/cachedOnnx.ts';
import { writeTinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { deploy, planFor, withRepairs } from '../../tests/builders/deployed.ts';
import { mergedDecoder } from '../../tests/builders/mergedOnnx.ts';
import { smallDecoderPlan } from '../../tests/builders/onnxPlan.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { NodeProtoSchema, ValueInfoProtoSchema } from '../proto/onnx_pb.ts';
import { checkpointLayers } from '../model/catalogue/checkpointLayers.ts';
import { checkPlan, hashOf } from '../../tests/builders/opened.ts';

let folder: string;
let file: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-check-'));
	file = join(folder, 'model.onnx');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const check = (
	model: string,
	plan: Parameters<typeof checkPlan>[1],
	planFolder: string | null = null
) => checkPlan(model, plan, { home: join(folder, 'home'), planFolder });

describe('a plan on an ONNX model', () => {
	const proto = () => cachedOnnx({ form: 'groupQuery' });

	it('is checked layer by layer', async () => {
		const model = proto();
		const node = model.graph?.node.find(({ name }) => name === '1.attention');
		const heads = node?.attribute.find(({ name }) => name === 'num_heads');
		if (heads !== undefined) node?.attribute.push({ ...heads, name: 'local_window_size', i: 8n });
		await writeFile(file, onnxBytes(model));
		const { layers, problem } = await check(file, smallDecoderPlan([0, 0, 0, null]));
		expect(layers.map(({ source, problem }) => [source, problem === null])).toEqual([
			[0, true],
			[0, false],
			[0, true],
			[null, true]
		]);
		expect(problem).toMatch(/layer 1: .* sees 8 tokens; its source, layer 0, every token before/);
	});

	it('cannot be applied where the graph as a whole is in the way', async () => {
		const model = cachedOnnx({ form: 'softmax' });
		const other = { name: 'other', opType: 'ReduceMean', output: ['other'] };
		model.graph?.node.push(create(NodeProtoSchema, { ...other, input: ['past_key_values.2.key'] }));
		model.graph?.output.push(create(ValueInfoProtoSchema, { name: 'other' }));
		await writeFile(file, onnxBytes(model));
		const { layers, problem } = await check(file, smallDecoderPlan([0, 1, 1, 3]));
		expect(layers.every((layer) => layer.problem === null)).toBe(true);
		expect(problem).toMatch(/ReduceMean other reads past_key_values\.2\.key/);
	});

	it('cannot be applied to a merged decoder, whose branches cannot both be written', async () => {
		await writeFile(file, onnxBytes(mergedDecoder()));
		const { problem } = await check(file, smallDecoderPlan([0, 0, 2]));
		expect(problem).toMatch(/a merged decoder .*; expected a model exported without merging$/);
	});

	it('cannot be applied where it names refitted weights, or the model was written with a plan', async () => {
		await writeFile(file, onnxBytes(proto()));
		const plan = smallDecoderPlan([0, 0, 2, 3]);
		const repair = { file: 'weights.safetensors', sha256: 'ee', strength: 1 };
		expect((await check(file, { ...plan, repair })).problem).toMatch(/names refitted weights/);

		const checkpoint = join(folder, 'checkpoint');
		await writeTinyCheckpoint(checkpoint, { config: { head_dim: 16 } });
		const own = await planFor(checkpoint, [0, 0, 2]);
		const planned = await deploy(checkpoint, join(folder, 'planned'), { plan: own });
		expect((await check(planned, own)).problem).toMatch(/by the plan in spanwise\.json/);
	});

	it('made for other weights is warned of, once the hash of these is known', async () => {
		await writeFile(file, onnxBytes(proto()));
		const plan = smallDecoderPlan([0, 0, 2, 3]);
		expect((await check(file, plan)).warning).toBeNull();
		const hash = await hashOf(file, join(folder, 'home'));
		const { warning, problem } = await check(file, plan);
		expect(problem).toBeNull();
		expect(warning).toMatch(new RegExp(`made for small \\(none\\).*\\(${hash.slice(0, 12)}\\)`));
	});
});

describe('a plan on a checkpoint', () => {
	it('cannot have a layer compute attention that by its own config has none', async () => {
		const original = join(folder, 'original');
		await writeTinyCheckpoint(original);
		const plan = await planFor(original, [0, 0, null]);
		const shared = await deploy(original, join(folder, 'shared'), { plan, target: 'transformers' });
		const { config } = await openCheckpoint(shared);
		expect(checkpointLayers(config).map(({ shareable }) => shareable.why)).toEqual([
			'loses q and k projections, rotary embedding, scores, softmax and k cache',
			'it follows layer 0 already, by its own config',
			'it has no attention, by its own config'
		]);
		expect((await check(shared, plan)).problem).toBeNull();
		const other = await planFor(shared, [0, 1, null]);
		const { layers, problem } = await check(shared, other);
		expect(problem).toMatch(/layer 1 has source 1; in shared it follows layer 0/);
		expect(layers.map(({ source }) => source)).toEqual([0, 1, null]);
	});

	it('that names refitted weights can be applied where these lie beside it and are those', async () => {
		const original = join(folder, 'original');
		await writeTinyCheckpoint(original);
		const { config } = await openCheckpoint(original);
		const { hidden, heads, headDim } = config;
		const repair = { o: new Float32Array(hidden * heads * headDim), bias: null };
		const own = await planFor(original, [0, 0, 2]);
		const plan = await withRepairs(own, original, new Map([[1, repair]]), folder);
		const verdict = async (planFolder: string | null) => {
			const { problem, unseen } = await check(original, plan, planFolder);
			return { problem, unseen };
		};
		expect(await verdict(folder)).toEqual({ problem: null, unseen: null });
		expect(await verdict(null)).toEqual({ problem: null, unseen: 'repair.safetensors' });
		expect((await verdict(original)).problem).toMatch(/refitted weights cannot be read/);
		await appendFile(join(folder, 'repair.safetensors'), ' ');
		expect((await verdict(folder)).problem).toMatch(
			/repair\.safetensors: SHA-256 \w+; the plan's refitted weights have \w+$/
		);
	});
});
