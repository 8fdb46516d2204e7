import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedOnnx, FORMS } from '../../tests/builders/cachedOnnx.ts';
import { writeTinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { runCommand } from '../../tests/builders/command.ts';
import { deploy, planFor } from '../../tests/builders/deployed.ts';
import { mergedDecoder } from '../../tests/builders/mergedOnnx.ts';
import { writeOnnxFolder } from '../../tests/builders/onnxFolder.ts';
import { engineLogits } from '../engine/deployLogits.ts';
import { DecoderSession } from '../engine/deploySession.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { findOnnxFile } from '../model/onnx/locate.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { ModelProtoSchema, TensorProto_DataLocation, type GraphProto } from '../proto/onnx_pb.ts';
import { findOnnx } from '../model/onnx/open.ts';
import { shareAttention } from '../rewrite/share.ts';
import { makePlan } from '../plan/planFile.ts';
import type { Plan, Sources } from '../plan/types.ts';
import { headMapsOf, spansOf } from '../plan/spans.ts';
import { type Deployed } from './deploy.ts';
import { verifyOnnxModel } from './onnxModelVerify.ts';
import type { DeployRecord, DeployRequest } from './types.ts';
import { largestDifference } from './verify.ts';
import { roundingActivations } from '../../tests/builders/roundedOnnx.ts';
import { deployModel } from '../../tests/builders/opened.ts';

const HEAD_MAP = [3, 3, 0, 1];

let scratch = '';
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-onnx-model-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

let folders = 0;
function newFolder(): string {
	return join(scratch, `folder-${folders++}`, 'model');
}

function planOf(sources: Sources, mapped = false): Plan {
	const spans = spansOf(sources).map((span) => ({
		...span,
		headMap: mapped ? span.followers.map(() => HEAD_MAP) : ('identity' as const),
		score: null
	}));
	const layers = sources.length;
	const model = { name: 'm', architecture: 'ONNX', layers, heads: 4, kvHeads: 2, hash: '' };
	return makePlan({ model, sources, spans, definition: null, predicted: null });
}

async function apply(
	file: string,
	plan: Plan | null,
	given: Partial<DeployRequest> = {}
): Promise<{ out: string; deployed: Deployed; graph: GraphProto }> {
	const out = newFolder();
	const request: DeployRequest & { modelFolder: string } = {
		modelFolder: file,
		plan,
		planFolder: scratch,
		target: 'onnx',
		dtype: null,
		out,
		verify: true,
		home: join(scratch, 'home'),
		...given
	};
	const deployed = await deployModel(request, () => undefined);
	const written = (await findOnnxFile(out)) ?? '';
	const { graph } = fromBinary(ModelProtoSchema, await readFile(written));
	if (graph === undefined) throw new TypeError('no graph');
	return { out, deployed, graph };
}

const places = (graph: GraphProto) =>
	graph.initializer
		.filter(({ dataLocation }) => dataLocation === TensorProto_DataLocation.EXTERNAL)
		.map(({ name, externalData }) => {
			const said = new Map(externalData.map(({ key, value }) => [key, value]));
			return {
				name,
				location: said.get('location'),
				offset: Number(said.get('offset')),
				length: Number(said.get('length'))
			};
		});

describe('an ONNX model is written with a plan', () => {
	it.each(
		FORMS.flatMap((form) => [
			{ form, title: 'as it is', plan: null },
			{ form, title: 'followers with head maps', plan: planOf([0, 1, 1, 1], true) },
			{ form, title: 'a follower and a dropped layer', plan: planOf([null, 1, 1, 3]) }
		])
	)(
		'$form, $title: it agrees with what it was made from, and with itself',
		async ({ form, plan }) => {
			const file = await writeOnnxFolder(newFolder(), cachedOnnx({ form }));
			const { deployed } = await apply(file, plan);
			const { verified } = deployed.record;
			expect(verified?.tokens).toBe(64);
			expect(verified?.difference).toBeLessThan(2e-5);
			expect(verified?.cachedDifference).toBeLessThan(2e-5);
			expect(verified?.largestLogit).toBeGreaterThan(1);
		}
	);

	it('is held to what the model itself differs by where activations are rounded to 8 bits', async () => {
		const proto = roundingActivations(cachedOnnx({ form: 'groupQueryPacked4bit' }));
		const file = await writeOnnxFolder(newFolder(), proto);
		const { record } = (await apply(file, planOf([0, 1, 1, 3]))).deployed;
		const { difference, tolerance, cachedDifference, ownDifference } = record.verified ?? {};
		expect(ownDifference).toBeGreaterThan(0);
		expect(tolerance).toBeGreaterThanOrEqual(2 * (ownDifference ?? Infinity));
		expect(difference).toBeLessThanOrEqual(tolerance ?? 0);
		expect(cachedDifference).toBeLessThanOrEqual(tolerance ?? 0);
	});

	it('has only the weights that are left, each at a page, with the bytes they had', async () => {
		const proto = cachedOnnx({ form: 'groupQueryPacked' });
		const bytes = new Map(
			(proto.graph?.initializer ?? []).map(({ name, rawData }) => [name, Buffer.from(rawData)])
		);
		const file = await writeOnnxFolder(newFolder(), proto, { dataFiles: 2 });
		const { out, graph } = await apply(file, planOf([0, 1, 1, null]));
		const data = await readFile(join(out, 'model.onnx.data'));
		const found = places(graph);
		expect(new Set(found.map(({ location }) => location))).toEqual(new Set(['model.onnx.data']));
		expect(found.every(({ offset }) => offset % 4096 === 0)).toBe(true);
		expect(Math.max(...found.map(({ offset, length }) => offset + length))).toBe(data.length);
		const unused = ['2.qkv.weight', '3.qkv.weight', '3.o.weight'];
		expect(found.filter(({ name }) => unused.includes(name))).toEqual([]);
		const own = found.filter(({ name }) => bytes.has(name));
		expect(own.length).toBeGreaterThan(10);
		for (const { name, offset, length } of own) {
			const expected = bytes.get(name);
			expect(expected?.equals(data.subarray(offset, offset + length)), name).toBe(true);
		}
		const cut = found.find(({ name }) => name.endsWith('layer.2.2.qkv.weight'));
		// Of 64 rows of 128 columns, the last 32 columns.
		const row = bytes.get('2.qkv.weight')?.subarray(5 * 512 + 96 * 4, 6 * 512);
		const begin = (cut?.offset ?? 0) + 5 * 128;
		expect(cut?.length).toBe(64 * 32 * 4);
		expect(row?.equals(data.subarray(begin, begin + 128))).toBe(true);
	});

	it('keeps weights in the proto that were there, and has no other file for them', async () => {
		const file = await writeOnnxFolder(newFolder(), cachedOnnx({ form: 'softmax' }), {
			dataFiles: 0
		});
		const { out } = await apply(file, planOf([0, 1, 1, 3]));
		expect((await readdir(out)).sort()).toEqual([
			'config.json',
			'genai_config.json',
			'model.onnx',
			'spanwise.json',
			'tokenizer.json'
		]);
	});

	it('reads through the links of a cache, and touches nothing of the model', async () => {
		const folder = newFolder();
		const proto = cachedOnnx({ form: 'attention' });
		const file = await writeOnnxFolder(folder, proto, { linked: true });
		const blobs = join(folder, '..', 'blobs');
		const look = async () =>
			Promise.all(
				(await readdir(blobs)).map(async (name) => {
					const { mtimeMs, size } = await stat(join(blobs, name));
					const bytes = await readFile(join(blobs, name));
					return { name, mtimeMs, size, hash: createHash('sha256').update(bytes).digest('hex') };
				})
			);
		const before = await look();
		for (const each of [folder, blobs]) await chmod(each, 0o555);
		const { out, deployed } = await apply(file, planOf([0, 1, 1, 3]));
		for (const each of [folder, blobs]) await chmod(each, 0o755);
		expect(await look()).toEqual(before);
		expect((await readdir(folder)).length).toBe(before.length);
		expect(deployed.record.files.map(({ name }) => name)).toEqual([
			'config.json',
			'genai_config.json',
			'model.onnx',
			'model.onnx_data',
			'tokenizer.json'
		]);
		const names = await readdir(out, { withFileTypes: true });
		expect(names.every((entry) => entry.isFile())).toBe(true);
	});

	it('has past and present share no buffer any longer once keys are gone', async () => {
		const file = await writeOnnxFolder(newFolder(), cachedOnnx({ form: 'groupQuery' }));
		const read = async (out: string): Promise<unknown> =>
			JSON.parse(await readFile(join(out, 'genai_config.json'), 'utf8'));
		const [asItIs, shared] = [await apply(file, null), await apply(file, planOf([0, 1, 1, 3]))];
		expect(await read(asItIs.out)).toEqual({ search: { past_present_share_buffer: true } });
		expect(await read(shared.out)).toEqual({ search: { past_present_share_buffer: false } });
	});

	it('takes genai_config.json along from beside the model or one folder up, and names the model in it', async () => {
		const folder = newFolder();
		await writeTinyCheckpoint(folder, { config: { head_dim: 16, num_hidden_layers: 4 } });
		const exported = await deploy(folder, newFolder());
		const named = async (out: string, buffer: boolean): Promise<void> =>
			expect(JSON.parse(await readFile(join(out, 'genai_config.json'), 'utf8'))).toMatchObject({
				model: { decoder: { filename: 'onnx/model.onnx', num_hidden_layers: 4 } },
				search: { past_present_share_buffer: buffer }
			});
		const file = join(exported, 'onnx', 'model.onnx');
		await named((await apply(file, null)).out, true);
		const up = join(exported, 'genai_config.json');
		const text = await readFile(up, 'utf8');
		await rm(up);
		const beside = text.replace('onnx/model.onnx', 'model.onnx');
		await writeFile(join(exported, 'onnx', 'genai_config.json'), beside);
		await named((await apply(file, planOf([0, 1, 1, 3]))).out, false);
	});

	it('gives what the engine gives of the checkpoint that it was exported from', async () => {
		const folder = newFolder();
		await writeTinyCheckpoint(folder, { config: { head_dim: 16, num_hidden_layers: 5 } });
		const exported = await deploy(folder, newFolder());
		const sources = [0, 1, 1, null, 4];
		const plan = await planFor(folder, sources, () => [1, 0, 3, 2]);
		const { out } = await apply(join(exported, 'onnx', 'model.onnx'), plan);
		const checkpoint = await openCheckpoint(folder);
		const ids = Array.from({ length: 24 }, (_, at) => (at * 37 + 5) % checkpoint.config.vocab);
		const reader = new WeightReader();
		const headMaps = headMapsOf(plan.spans, 5);
		const expected = await engineLogits(checkpoint, reader, ids, { sources, headMaps });
		await reader.close();
		const session = await DecoderSession.open(join(out, 'onnx', 'model.onnx'));
		const found = await session.read(session.start(1), [ids]);
		await session.release();
		expect(largestDifference(found, expected)).toBeLessThan(1e-5);
	});

	it('is written by the command, which says where the plan was made for other weights', async () => {
		const file = await writeOnnxFolder(newFolder(), cachedOnnx({ form: 'groupQuery' }));
		const planFile = join(scratch, 'plan.json');
		await writeFile(planFile, JSON.stringify(planOf([0, 1, 1, null])));
		const out = newFolder();
		const home = ['--home', join(scratch, 'home')];
		const result = await runCommand([
			'apply',
			file,
			'--plan',
			planFile,
			'--out',
			out,
			'--json',
			...home
		]);
		expect(result.code, result.stderr).toBe(0);
		const record = JSON.parse(result.stdout) as DeployRecord;
		expect(record.cache).toEqual({ keys: [0, 1], values: [0, 1, 2] });
		expect(record.dtype).toBe(null);
		expect(result.stderr).toContain('warning: This plan was made for m');
		expect(JSON.parse(await readFile(join(out, 'spanwise.json'), 'utf8'))).toEqual(record);
	});
});

describe('what was written is not taken on trust', () => {
	it.each(FORMS)(
		'%s: heads of the source that are not those of the plan are noticed',
		async (form) => {
			const file = await writeOnnxFolder(newFolder(), cachedOnnx({ form }), { dataFiles: 0 });
			const model = await findOnnx(file);
			const sources = [0, 1, 1, 3];
			const { proto } = shareAttention(model, {
				sources,
				headMaps: [null, null, [3, 2, 1, 0], null]
			});
			const identity = { sources, headMaps: [null, null, null, null] };
			await expect(verifyOnnxModel(model, { proto, folder: scratch }, identity)).rejects.toThrow(
				/logits differ by .*; at most .* is allowed; nothing was written\. With/
			);
		}
	);

	it('a layer that should have been dropped is noticed', async () => {
		const file = await writeOnnxFolder(
			newFolder(),
			cachedOnnx({ form: 'groupQuery', skipNorms: true }),
			{
				dataFiles: 0
			}
		);
		const model = await findOnnx(file);
		const headMaps = [null, null, null, null];
		const { proto } = shareAttention(model, { sources: [0, 1, 2, 3], headMaps });
		const planned = { sources: [0, 1, null, 3], headMaps };
		await expect(verifyOnnxModel(model, { proto, folder: scratch }, planned)).rejects.toThrow(
			/logits differ by .*; at most .* is allowed; nothing was written\. With/
		);
	});
});

describe('refused before anything is written', () => {
	const refusals: {
		title: string;
		plan: Plan | null;
		given: Partial<DeployRequest>;
		says: string;
	}[] = [
		{
			title: 'a plan of another number of layers',
			plan: planOf([0, 1, 1]),
			given: {},
			says: 'plan for m: 3 layers; model has 4'
		},
		{
			title: 'a type of weights',
			plan: null,
			given: { dtype: 'fp16' },
			says: '--dtype does not apply to ONNX models, which keep their dtypes; remove it'
		},
		{
			title: 'safetensors',
			plan: planOf([0, 1, 1, 3]),
			given: { target: 'transformers' },
			says: 'is an ONNX model, which is written as one: --to onnx'
		},
		{
			title: 'refitted weights',
			plan: {
				...planOf([0, 1, 1, 3]),
				repair: { file: 'plan.safetensors', sha256: '0'.repeat(64), strength: 1 }
			},
			given: {},
			says: 'names refitted weights (plan.safetensors), which fit a checkpoint: name that, or a plan without them'
		}
	];
	it.each(refusals)('$title', async ({ plan, given, says }) => {
		const file = await writeOnnxFolder(newFolder(), cachedOnnx({ form: 'groupQuery' }));
		const out = newFolder();
		await expect(apply(file, plan, { ...given, out })).rejects.toThrow(says);
		await expect(stat(out)).rejects.toThrow('ENOENT');
	});

	it('external data that is cut short', async () => {
		const folder = newFolder();
		const file = await writeOnnxFolder(folder, cachedOnnx({ form: 'softmax' }));
		await writeFile(join(folder, 'model.onnx_data'), new Uint8Array(1000));
		await expect(apply(file, null)).rejects.toThrow('the file was cut short');
	});

	it('a merged decoder', async () => {
		const file = await writeOnnxFolder(newFolder(), mergedDecoder());
		await expect(apply(file, null)).rejects.toThrow('expected a model exported without merging');
	});

	it('a folder that holds something', async () => {
		const file = await writeOnnxFolder(newFolder(), cachedOnnx({ form: 'softmax' }));
		await expect(apply(file, null, { out: scratch })).rejects.toThrow('exists and is not empty');
	});
});
