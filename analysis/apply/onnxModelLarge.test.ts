import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cachedOnnx } from '../../tests/builders/cachedOnnx.ts';
import { writeOnnxFolder } from '../../tests/builders/onnxFolder.ts';
import { rememberFor } from '../model/checkpoint/remembered.ts';
import { signaturesOf } from '../model/checkpoint/signature.ts';
import { ModelProtoSchema } from '../proto/onnx_pb.ts';
import { makePlan } from '../plan/planFile.ts';
import { planSpans } from '../plan/spans.ts';
import { deployModel } from '../../tests/builders/opened.ts';

/** Past what a 32-bit offset holds; the file is sparse, of which only the end takes space. */
const START = 3e9;

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-large-'));
});
afterAll(() => rm(scratch, { recursive: true }));

it('of a file of 3 GB only the weights that are still used are written', async () => {
	const file = await writeOnnxFolder(
		join(scratch, 'model'),
		cachedOnnx({ form: 'groupQueryPacked' })
	);
	const data = join(dirname(file), 'model.onnx_data');
	const bytes = await readFile(data);
	await writeFile(data, '');
	await truncate(data, START);
	await appendFile(data, bytes);
	const proto = fromBinary(ModelProtoSchema, await readFile(file));
	for (const { externalData } of proto.graph?.initializer ?? []) {
		for (const entry of externalData) {
			if (entry.key === 'offset') entry.value = String(START + Number(entry.value));
		}
	}
	await writeFile(file, toBinary(ModelProtoSchema, proto));
	// Told what the hash is, nobody reads 3 GB for it.
	const home = join(scratch, 'home');
	await rememberFor(home, await signaturesOf([file, data]), 'a'.repeat(64));
	const sources = [0, 1, 1, 3];
	const model = { name: 'm', architecture: 'ONNX', layers: 4, heads: 4, kvHeads: 2, hash: '' };
	const spans = planSpans(sources, null);
	const out = join(scratch, 'out');
	const { record } = await deployModel(
		{
			modelFolder: file,
			plan: makePlan({ model, sources, spans, definition: null, predicted: null }),
			planFolder: scratch,
			target: 'onnx',
			dtype: null,
			out,
			verify: true,
			home
		},
		() => undefined
	);
	expect(record.model.hash).toBe('a'.repeat(64));
	expect(record.verified?.difference).toBeLessThan(2e-5);
	expect((await stat(join(out, 'model.onnx_data'))).size).toBeLessThan(bytes.length + 100 * 4096);
	expect((await stat(data)).size).toBe(START + bytes.length);
});
