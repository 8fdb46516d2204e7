import { appendFile, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearField } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { cachedOnnx, FORMS, onnxBytes } from '../../../tests/builders/cachedOnnx.ts';
import { TensorProtoSchema } from '../../proto/onnx_pb.ts';
import { findOnnx } from './open.ts';
import { onnxReport } from './report.ts';
import { skimProto } from './skim.ts';

const HOLE_BYTES = 20_000_000;

let folder: string;
let file: string;
beforeEach(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-skim-'));
	file = join(folder, 'model.onnx');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('leaves the values of large tensors and nothing else', async () => {
	const proto = cachedOnnx({ form: 'groupQueryPacked4bit' });
	await writeFile(file, onnxBytes(proto));
	let emptied = 0;
	for (const tensor of proto.graph?.initializer ?? []) {
		if (tensor.rawData.length <= 4096) continue;
		clearField(tensor, TensorProtoSchema.field.rawData);
		emptied++;
	}
	expect(emptied).toBeGreaterThan(4);
	expect(Buffer.compare(await skimProto(file), onnxBytes(proto))).toBe(0);
});

it.each(FORMS)('tells of %s what the whole file tells', async (form) => {
	await writeFile(file, onnxBytes(cachedOnnx({ form })));
	const whole = onnxReport(await findOnnx(file));
	expect(onnxReport(await findOnnx(file, { weights: false }))).toEqual(whole);
});

it('passes over values of any size: here they are a hole in the file', async () => {
	const proto = cachedOnnx({ form: 'softmax' });
	const weights = proto.graph?.initializer.find(({ rawData }) => rawData.length > 4096);
	if (weights === undefined) throw new TypeError('no weights');
	await writeFile(file, onnxBytes(proto));
	const skimmed = await skimProto(file);
	weights.rawData = new Uint8Array(HOLE_BYTES);
	const bytes = Buffer.from(onnxBytes(proto));
	const hole = bytes.indexOf(Buffer.alloc(HOLE_BYTES));
	await writeFile(file, bytes.subarray(0, hole));
	await truncate(file, hole + HOLE_BYTES);
	await appendFile(file, bytes.subarray(hole + HOLE_BYTES));
	expect(Buffer.compare(await skimProto(file), skimmed)).toBe(0);
});

it.each([
	['cut short by a byte', (size: number) => size - 1],
	['cut in its nodes', () => 1000]
])('refuses a file that is %s', async (_, end) => {
	const bytes = onnxBytes(cachedOnnx({ form: 'softmax' }));
	await writeFile(file, bytes.subarray(0, end(bytes.length)));
	await expect(findOnnx(file, { weights: false })).rejects.toThrow(
		/model\.onnx: cannot be read as an ONNX model: .*; it is cut short or of another kind/
	);
});

it('refuses a file of another kind', async () => {
	await writeFile(file, 'This is no model, but text of the wrong name.\n');
	await expect(findOnnx(file, { weights: false })).rejects.toThrow(/of another kind/);
});
