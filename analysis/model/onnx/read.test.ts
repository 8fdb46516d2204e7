import {
	chmod,
	mkdir,
	mkdtemp,
	readdir,
	rm,
	stat,
	symlink,
	truncate,
	writeFile
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
	SIZES,
	smallDecoder,
	smallDecoderBytes,
	type DecoderForm
} from '../../../tests/builders/onnxDecoder.ts';
import { attentionLayout, allocateWindow } from '../../engine/layout.ts';
import { OnnxPass } from '../../engine/onnx.ts';
import {
	ModelProtoSchema,
	StringStringEntryProtoSchema,
	TensorProto_DataLocation as DataLocation,
	TensorProtoSchema,
	type ModelProto
} from '../../proto/onnx_pb.ts';
import { findOnnx, openOnnx } from './open.ts';
import { readOnnx } from './read.ts';
import { onnxReport } from './report.ts';
import { tapModel } from '../../graph/tapped/tap.ts';

let folder: string;
let file: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-onnx-'));
	file = join(folder, 'model.onnx');
});
afterEach(async () => {
	await chmod(folder, 0o755);
	await rm(folder, { recursive: true, force: true });
});

const { layers, heads, hidden } = SIZES;
const CONFIG = {
	num_hidden_layers: layers,
	num_attention_heads: heads,
	hidden_size: hidden,
	intermediate_size: 64
};

function writeConfig(config: Record<string, unknown> = {}): Promise<void> {
	return writeFile(join(folder, 'config.json'), JSON.stringify({ ...CONFIG, ...config }));
}

/** Moves the large weights of a model into files, spread over them in turn; what goes into each. */
function withExternalData(model: ModelProto, files: readonly string[], offset = 0) {
	const parts = new Map<string, Uint8Array[]>(files.map((name) => [name, []]));
	const ends = new Map<string, number>(files.map((name) => [name, offset]));
	const large = model.graph?.initializer.filter(({ rawData }) => rawData.length > 1000) ?? [];
	for (const [at, tensor] of large.entries()) {
		const location = files[at % files.length];
		const start = ends.get(location) ?? 0;
		const place = { location, offset: start, length: tensor.rawData.length };
		parts.get(location)?.push(tensor.rawData);
		ends.set(location, start + tensor.rawData.length);
		tensor.externalData = Object.entries(place).map(([key, value]) =>
			create(StringStringEntryProtoSchema, { key, value: String(value) })
		);
		tensor.dataLocation = DataLocation.EXTERNAL;
		tensor.rawData = new Uint8Array();
	}
	return [...parts].map(([name, bytes]) => ({ name, bytes: Buffer.concat(bytes) }));
}

const IDS = [0, 5, 3, 9, 2];

/** Losses of a few tokens: enough to see that the weights are read. */
async function run(path: string): Promise<number[]> {
	const model = await openOnnx(path);
	const sizes = { ...model.facts, slidingWindows: model.facts.reach };
	const layout = attentionLayout(sizes, IDS.length);
	const request = { context: IDS.length, blocks: layout.blocks, layers: [0], loss: true };
	const options = { layers: [0], layersPerRun: 1, file: path };
	const pass = await OnnxPass.open(tapModel(model, request), layout, options);
	const losses = await pass.run(IDS, allocateWindow(layout));
	await pass.release();
	return Array.from(losses);
}

describe('external data', () => {
	let expected: number[];
	beforeEach(async () => {
		await writeConfig();
		await writeFile(file, smallDecoderBytes());
		expected = await run(file);
	});

	it('in several files, reached through links as in the Hugging Face cache, nothing being touched', async () => {
		const blobs = join(folder, 'blobs');
		const snapshot = join(folder, 'snapshots', 'abc', 'onnx');
		await mkdir(blobs);
		await mkdir(snapshot, { recursive: true });
		const model = smallDecoder();
		const data = withExternalData(model, ['model.onnx_data', 'model.onnx_data_1']);
		await writeFile(join(blobs, 'aa'), toBinary(ModelProtoSchema, model));
		await symlink('../../../blobs/aa', join(snapshot, 'model.onnx'));
		for (const [at, { name, bytes }] of data.entries()) {
			await writeFile(join(blobs, `b${at}`), bytes);
			await symlink(`../../../blobs/b${at}`, join(snapshot, name));
		}
		await writeFile(join(snapshot, '..', 'config.json'), JSON.stringify(CONFIG));
		for (const each of [blobs, snapshot]) await chmod(each, 0o555);
		const before = [
			await readdir(blobs),
			(await stat(blobs)).mtimeMs,
			(await stat(snapshot)).mtimeMs
		];
		expect(await run(join(snapshot, 'model.onnx'))).toEqual(expected);
		expect([
			await readdir(blobs),
			(await stat(blobs)).mtimeMs,
			(await stat(snapshot)).mtimeMs
		]).toEqual(before);
		for (const each of [blobs, snapshot]) await chmod(each, 0o755);
	});

	it('far into a file of 3 GB', async () => {
		const model = smallDecoder();
		const gigabytes = 3e9;
		const [{ name, bytes }] = withExternalData(model, ['large'], gigabytes);
		await writeFile(join(folder, name), '');
		await truncate(join(folder, name), gigabytes);
		await writeFile(join(folder, name), bytes, { flag: 'a' });
		await writeFile(file, toBinary(ModelProtoSchema, model));
		expect((await readOnnx(file)).bytes).toBeGreaterThan(gigabytes);
		expect(await run(file)).toEqual(expected);
	});

	it('that is missing is refused by name', async () => {
		const model = smallDecoder();
		withExternalData(model, ['weights.bin']);
		await writeFile(file, toBinary(ModelProtoSchema, model));
		await expect(readOnnx(file)).rejects.toThrow(
			/missing external data weights\.bin, which embedding/
		);
	});

	it('that is too short is refused with both lengths', async () => {
		const model = smallDecoder();
		const [{ bytes }] = withExternalData(model, ['weights.bin']);
		await writeFile(join(folder, 'weights.bin'), bytes.subarray(1));
		await writeFile(file, toBinary(ModelProtoSchema, model));
		await expect(readOnnx(file)).rejects.toThrow(
			new RegExp(`weights.bin: ${bytes.length - 1} bytes; expected at least ${bytes.length}`)
		);
	});

	it('outside the folder is refused', async () => {
		const model = smallDecoder();
		withExternalData(model, ['../weights.bin']);
		await writeFile(file, toBinary(ModelProtoSchema, model));
		await expect(readOnnx(file)).rejects.toThrow(/expected a file in the model's folder/);
	});
});

describe('what is no model is refused', () => {
	it('a proto that is cut short', async () => {
		const bytes = smallDecoderBytes();
		await writeFile(file, bytes.subarray(0, bytes.length - 5000));
		await expect(readOnnx(file)).rejects.toThrow(/it is cut short or of another kind/);
	});

	it('a proto of another kind', async () => {
		const tensor = create(TensorProtoSchema, { dims: [2n], dataType: 1, name: 'x' });
		await writeFile(file, toBinary(TensorProtoSchema, tensor));
		await expect(readOnnx(file)).rejects.toThrow(
			/not an ONNX model|cannot be read as an ONNX model/
		);
	});

	it('a file that is not there', async () => {
		await expect(readOnnx(file)).rejects.toThrow(/cannot be read: ENOENT/);
	});

	it('a graph without attention, with the operators it has', async () => {
		await writeFile(file, smallDecoderBytes({ form: 'none' }));
		await expect(findOnnx(file)).rejects.toThrow(
			/no attention that is known; operators: MatMul 13, Add 3, Identity 3, Gather 1$/
		);
	});

	it('attention whose probabilities cannot be had, with the reason', async () => {
		await writeConfig();
		const model = smallDecoder({ form: 'GroupQueryAttention' });
		for (const node of model.graph?.node ?? []) {
			if (node.opType === 'GroupQueryAttention') node.opType = 'PagedAttention';
		}
		await writeFile(file, toBinary(ModelProtoSchema, model));
		await expect(openOnnx(file)).rejects.toThrow(
			/layer 0: com\.microsoft\.PagedAttention .*attention probabilities are not available: the node has no output/
		);
	});

	it('attention in fewer layers than config.json has', async () => {
		await writeConfig({ num_hidden_layers: 5 });
		await writeFile(file, smallDecoderBytes());
		await expect(openOnnx(file)).rejects.toThrow(
			/attention was found in 3 layers; config\.json or genai_config\.json says 5/
		);
	});
});

describe('the report before any run', () => {
	it('takes the order of layers from the graph, not from names', async () => {
		await writeConfig();
		await writeFile(file, smallDecoderBytes({ names: ['layer.9', 'layer.1', 'layer.4'] }));
		const { layers: found } = onnxReport(await findOnnx(file));
		expect(found.map(({ layer, node }) => [layer, node])).toEqual([
			[0, 'layer.9.softmax'],
			[1, 'layer.1.softmax'],
			[2, 'layer.4.softmax']
		]);
	});

	it('names form, heads and cache of each layer, and no window that config.json alone has', async () => {
		await writeConfig({
			num_key_value_heads: 2,
			sliding_window: 4,
			layer_types: ['sliding_attention', 'full_attention', 'sliding_attention']
		});
		const inputs = ['attention_mask', 'past'] as const;
		await writeFile(file, smallDecoderBytes({ form: 'guarded softmax', inputs }));
		const found = await findOnnx(file);
		const report = onnxReport(found);
		expect(report.problem).toBeNull();
		expect(report.dtype).toBe('float32');
		expect(report.layers[1]).toMatchObject({ form: 'Softmax', heads: 4, kvHeads: 2, reach: null });
		expect(report.layers.map(({ reach }) => reach)).toEqual([null, null, null]);
		// The mask is a part of a table, which is not looked into for windows of more tokens than it has.
		expect(report.notes).toEqual([
			'sliding windows: config.json says 4 tokens in 2 of 3 layers, which cannot be read from the graph. Nothing is left out because of it.'
		]);
		expect(found.layers[2].values).toMatchObject({
			pastKey: 'past_key_values.2.key',
			presentValue: 'present.2.value'
		});
	});

	it('says how probabilities are had of each form', async () => {
		const how = async (form: DecoderForm) => {
			await writeFile(file, smallDecoderBytes({ form }));
			return onnxReport(await findOnnx(file)).layers[0].probabilities.how;
		};
		expect(await how('Attention')).toBe('4th output, qk_matmul_output_mode=3');
		expect(await how('GroupQueryAttention')).toBe('4th output, qk_output=2');
		expect(await how('MultiHeadAttention')).toBe('4th output, softmax added');
		expect(await how('com.microsoft.Attention')).toBe('written out in operators');
	});

	it('names 4-bit weights and counts what they stand for', async () => {
		await writeConfig();
		await writeFile(file, smallDecoderBytes());
		const plain = onnxReport(await findOnnx(file));
		await writeFile(file, smallDecoderBytes({ weights: 'MatMulNBits' }));
		const packed = onnxReport(await findOnnx(file));
		expect(packed.parameters).toBe(plain.parameters);
		expect(packed.bytes).toBeLessThan(plain.bytes);
	});
});

it('fields unknown to Spanwise stay in the tapped copy', async () => {
	await writeConfig();
	// metadata_props (field 14, length-delimited) of ModelProto, which is not read.
	const metadata = Uint8Array.of(0x72, 6, 0x0a, 1, 0x61, 0x12, 1, 0x62);
	await writeFile(file, Buffer.concat([smallDecoderBytes(), metadata]));
	const model = await openOnnx(file);
	const { bytes } = tapModel(model, { context: 5, blocks: [], layers: [0], loss: true });
	expect(Buffer.from(bytes).includes(Buffer.from(metadata))).toBe(true);
});
