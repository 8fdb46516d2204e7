import { createHash } from 'node:crypto';
import {
	chmod,
	mkdir,
	mkdtemp,
	readdir,
	readFile,
	rm,
	stat,
	truncate,
	writeFile
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ModelProtoSchema, TensorProtoSchema } from '../analysis/proto/onnx_pb.ts';
import { makePlan } from '../analysis/plan/planFile.ts';
import { planSpans } from '../analysis/plan/spans.ts';
import type { Sources } from '../analysis/plan/types.ts';
import { cachedOnnx, type Form } from '../tests/builders/cachedOnnx.ts';
import { runCommand } from '../tests/builders/command.ts';
import { writeRunnableOnnx } from '../tests/builders/onnxFolder.ts';
import { safetensorsFile } from '../tests/builders/safetensors.ts';
import { tinyTokenizer } from '../tests/builders/tokenizer.ts';

let scratch: string;
let home: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-refused-'));
	home = join(scratch, 'home');
	await mkdir(home);
	await writeFile(join(scratch, 'text.txt'), 'the sea and the rain on the sand. '.repeat(40));
});
afterAll(() => rm(scratch, { recursive: true }));

let folders = 0;

/** A model's files in a folder of their own, the proto or the data changed. */
async function modelFolder(
	change: (file: string) => Promise<unknown>,
	form: Form = 'groupQuery'
): Promise<string> {
	const folder = join(scratch, `model-${folders++}`);
	const file = await writeRunnableOnnx(folder, cachedOnnx({ form }), tinyTokenizer(true));
	await change(file);
	return folder;
}

async function planFile(sources: Sources): Promise<string> {
	const layers = sources.length;
	const model = { name: 'm', architecture: 'ONNX', layers, heads: 4, kvHeads: 2, hash: '' };
	const spans = planSpans(sources, null);
	const plan = makePlan({ model, sources, spans, definition: null, predicted: null });
	const file = join(scratch, `plan-${folders++}.json`);
	await writeFile(file, JSON.stringify(plan));
	return file;
}

/** Names, sizes, times and bytes of a folder's files. */
async function look(folder: string): Promise<unknown[]> {
	return Promise.all(
		(await readdir(folder)).sort().map(async (name) => {
			const { size, mtimeMs, ctimeMs } = await stat(join(folder, name));
			const sha256 = createHash('sha256')
				.update(await readFile(join(folder, name)))
				.digest('hex');
			return { name, size, mtimeMs, ctimeMs, sha256 };
		})
	);
}

/**
 * Returns the error of a refused command, the model's folder called "model". Checks that it left all that there was as
 * it was, to the byte, and nothing besides.
 */
async function refusal(folder: string, ...args: string[]): Promise<string> {
	await chmod(folder, 0o555);
	const [before, around] = [await look(folder), await readdir(scratch)];
	const { code, stdout, stderr } = await runCommand([...args, '--home', home]);
	expect(await look(folder)).toEqual(before);
	await chmod(folder, 0o755);
	expect(await readdir(scratch)).toEqual(around);
	expect(await readdir(join(home, 'runs')).catch(() => [])).toEqual([]);
	expect([code, stdout]).toEqual([2, '']);
	const lines = stderr.split('\n').filter((line) => line.startsWith('error: '));
	expect(lines).toHaveLength(1);
	return lines[0].replaceAll(`${scratch}/`, '').replaceAll(basename(folder), 'model').slice(7);
}

const windows = () => ['--text', join(scratch, 'text.txt'), '--context', '20', '--windows', '1'];
const out = () => ['--out', join(scratch, 'out')];

/** A model as others write it whose nodes of attention are of another operator. */
async function withOperator(file: string, opType: string): Promise<void> {
	const proto = fromBinary(ModelProtoSchema, await readFile(file));
	for (const node of proto.graph?.node ?? []) {
		if (node.opType === 'GroupQueryAttention') node.opType = opType;
	}
	await writeFile(file, toBinary(ModelProtoSchema, proto));
}

describe('every command that takes an ONNX model refuses, leaving it as it was', () => {
	const tensor = () =>
		toBinary(TensorProtoSchema, create(TensorProtoSchema, { dims: [2n], dataType: 1, name: 'x' }));
	const another =
		/^model\/model\.onnx: (cannot be read as an|not an) ONNX model.*(of another kind|expected a ModelProto)$/;
	const cutShort =
		/^model\/model\.onnx: cannot be read as an ONNX model: .*; it is cut short or of another kind$/;
	const cut = async (file: string, fraction: number) =>
		truncate(file, Math.floor((await stat(file)).size * fraction));
	const data = (file: string) => join(dirname(file), 'model.onnx_data');

	const models: [string, (file: string) => Promise<unknown>, RegExp | string][] = [
		['a proto without its end', (file) => cut(file, 0.99), cutShort],
		['half a proto', (file) => cut(file, 0.5), cutShort],
		['an empty file', (file) => writeFile(file, ''), another],
		['a TensorProto', (file) => writeFile(file, tensor()), another],
		['text', (file) => writeFile(file, 'This is no model, but text of the wrong name.\n'), another],
		[
			'a page',
			(file) => writeFile(file, '<!DOCTYPE html>\n<body>Not found</body>\n'),
			/^model\/model\.onnx: a web page, not the/
		],
		[
			'a pointer of Git LFS',
			(file) => writeFile(file, 'version https://git-lfs.github.com/spec/v1\noid sha256:1\n'),
			/^model\/model\.onnx: a Git LFS pointer, not the file itself; run git lfs pull/
		],
		[
			'safetensors of another name',
			(file) => {
				const header = '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
				return writeFile(file, safetensorsFile(header, new Uint8Array(4)));
			},
			another
		],
		[
			'a model without its external data',
			(file) => rm(data(file)),
			'model/model.onnx: missing external data model.onnx_data, which cos_cache and others lie in; expected model/model.onnx_data'
		],
		[
			'a model whose external data is cut short',
			(file) => truncate(data(file), 1000),
			'model/model.onnx_data: 1000 bytes; expected at least 2048, up to which cos_cache reaches: the file was cut short'
		],
		[
			'a graph without attention',
			(file) => withOperator(file, 'Mystery'),
			/^model\/model\.onnx: no attention that is known; operators: .*com\.microsoft\.Mystery 4/
		]
	];
	it.each(models)('%s', async (_, change, says) => {
		const folder = await modelFolder(change);
		const plan = ['--plan', await planFile([0, 1, 1, 3])];
		for (const args of [
			['inspect', folder],
			['analyze', folder, ...windows()],
			['apply', folder, ...plan, ...out()],
			['evaluate', folder, ...plan, ...windows()],
			['bench', folder, ...plan]
		]) {
			expect(await refusal(folder, ...args), args[0]).toMatch(says);
		}
	});
});

describe('apply to an ONNX model refuses, leaving nothing', () => {
	it.each<[string, Sources, string]>([
		['a plan of fewer layers', [0, 1, 1], 'plan for m: 3 layers; model has 4'],
		['a plan of more layers', [0, 1, 1, 3, 4], 'plan for m: 5 layers; model has 4']
	])('%s', async (_, sources, says) => {
		const folder = await modelFolder(() => Promise.resolve());
		const plan = await planFile(sources);
		expect(await refusal(folder, 'apply', folder, '--plan', plan, ...out())).toBe(says);
	});

	it('a form that cannot be shared', async () => {
		const folder = await modelFolder((file) => withOperator(file, 'PagedAttention'));
		const plan = await planFile([0, 1, 1, 3]);
		expect(await refusal(folder, 'apply', folder, '--plan', plan, ...out())).toBe(
			'model/model.onnx: layer 1: com.microsoft.PagedAttention 1.attention cannot be a source: the node has no output for them'
		);
	});

	it('a folder to write that is a file, lies in a file, holds something, or may not be written', async () => {
		const folder = await modelFolder(() => Promise.resolve());
		const closed = join(scratch, 'closed');
		await mkdir(closed);
		await chmod(closed, 0o555);
		// Permissions do not bind the superuser, but nobody makes folders there.
		const unwritable = process.getuid?.() === 0 ? '/sys/spanwise-out' : join(closed, 'out');
		const text = join(scratch, 'text.txt');
		for (const [to, says] of [
			[text, 'text.txt: a parent of this path is not a directory (ENOTDIR); name a place'],
			[join(text, 'out'), 'text.txt/out: a parent of this path is not a directory (ENOTDIR)'],
			[folder, 'model: exists and is not empty; expected a new or an empty folder'],
			[unwritable, /out: may not be written \(E(PERM|ACCES|ROFS|NOENT)\)/]
		] as const) {
			expect(await refusal(folder, 'apply', folder, '--out', to)).toMatch(says);
		}
	});
});

describe('a model that was written with a plan', () => {
	it.each<[Form, Sources, string]>([
		['groupQuery', [0, 1, 1, null], '1 follower, 1 dropped'],
		['softmax', [0, 0, 0, 3], '2 followers'],
		['attention', [0, 1, null, null], '2 dropped']
	])('%s as %j: says so in words, whatever is asked of it', async (form, sources, words) => {
		const folder = await modelFolder(() => Promise.resolve(), form);
		const plan = ['--plan', await planFile(sources)];
		const written = join(scratch, `written-${folders++}`);
		const { code, stderr } = await runCommand([
			...['apply', folder, ...plan, '--out', written, '--no-verify', '--home', home]
		]);
		expect(code, stderr).toBe(0);
		const from = `use ${basename(folder)}, the model that it was made from`;
		for (const args of [
			['analyze', written, ...windows()],
			['evaluate', written, ...plan, ...windows()],
			['apply', written, ...plan, ...out()],
			['apply', written, ...out()]
		]) {
			expect(await refusal(written, ...args), args[0]).toBe(
				`model/model.onnx: ${words}, by the plan in spanwise.json: ${from}`
			);
		}
		const { stdout } = await runCommand(['inspect', written, '--home', home]);
		expect(stdout).toContain(`${words}, by the plan in spanwise.json`);
	});
});
