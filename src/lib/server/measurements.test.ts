import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '$analysis/errors.ts';
import { writeResult } from '$analysis/measure/results/folder.ts';
import { runFolder } from '$analysis/workspace/run/list.ts';
import { writeRun } from '$analysis/workspace/run/write.ts';
import { RECALL_OFF } from '$analysis/measure/recallSetting.ts';
import type { NewMeasurement } from '$lib/client/api.ts';
import { cachedOnnx } from '../../../tests/builders/cachedOnnx.ts';
import { writeTinyCheckpoint } from '../../../tests/builders/checkpoint.ts';
import { writeOnnxFolder } from '../../../tests/builders/onnxFolder.ts';
import { smallDecoderPlan } from '../../../tests/builders/onnxPlan.ts';
import { madeUpPlan, madeUpSearch } from '../../../tests/builders/results.ts';
import { madeUpRun } from '../../../tests/builders/run.ts';
import { readerHere } from '../../../tests/builders/readerHere.ts';
import { NotFoundError } from './errors.ts';
import { parseUntrusted } from '$analysis/edge/parse.ts';
import { measurementJob } from './measurements.ts';
import { ModelFolders } from './modelFolders.ts';
import { ModelCatalogue } from './models.ts';
import { newMeasurementSchema } from './newMeasurementSchema.ts';
import { ResultCatalogue } from './results.ts';
import { RunCatalogue } from './runs.ts';
import { settingsFrom } from './settings.ts';
import { hashOf } from '../../../tests/builders/opened.ts';

let home: string;
let deps: Parameters<typeof measurementJob>[1];
let hash: string;
const { record, sums, windows } = madeUpRun();
const { id } = record;

beforeAll(async () => {
	home = await mkdtemp(join(tmpdir(), 'spanwise-measure-'));
	const folder = join(home, 'model');
	await writeTinyCheckpoint(folder);
	hash = await hashOf(folder, home);
	const write = (name: string, hash: string) => {
		const model = { ...record.model, folder, hash };
		return writeRun(runFolder(home, name), { ...record, id: name, model }, sums, windows);
	};
	await write(id, hash);
	await write('other-weights', 'ff'.repeat(32));
	await writeResult(
		home,
		madeUpSearch(),
		[{ file: 'weights.safetensors', bytes: Buffer.from('w') }],
		{
			id: 'search'
		}
	);
	deps = {
		settings: settingsFrom({ SPANWISE_HOME: home }),
		reader: readerHere,
		models: new ModelCatalogue(join(home, 'none'), new ModelFolders(home, []), readerHere, {
			python: 'python3',
			found: Promise.resolve(false)
		}),
		runs: new RunCatalogue(home, readerHere),
		results: new ResultCatalogue(home)
	};
});
afterAll(() => rm(home, { recursive: true, force: true }));

const text = { name: 'a.txt', text: 'the cat sat on the mat and ran to the sea. '.repeat(20) };
const about = { texts: [text], context: 16, windows: 3 };
const damage = (change: object = {}): NewMeasurement => ({
	...{ kind: 'damage', run: id, ...about, maxSpan: 2 },
	...change
});
const evaluate = (change: object = {}): NewMeasurement => ({
	...{ kind: 'evaluate', run: id, ...about, plan: madeUpPlan(), questions: null, gates: {} },
	...change
});
const bench = (change: object = {}): NewMeasurement => ({
	...{ kind: 'bench', run: id, plan: madeUpPlan(), dtype: 'fp16' },
	...{ texts: [text], recall: false, prompt: 12, generate: 4, batch: 2, repeats: 3 },
	...change
});
const search = (change: object = {}): NewMeasurement => ({
	...{ kind: 'search', run: id, ...about, windows: 1, maxSpan: 2, protectedLayers: [] },
	...{ goal: { kind: 'followers', followers: 1 }, repair: false },
	...change
});

describe('the job of a measurement', () => {
	it('says run, estimate and the command that measures again', async () => {
		const job = await measurementJob(damage(), deps);
		expect(job).toMatchObject({
			run: id,
			model: 'tiny',
			request: { kind: 'damage', modelHash: hash, context: 16, windows: 3, maxSpan: 2 },
			estimate: { context: 16, windows: 3 }
		});
		expect(job.estimate.seconds).toBeGreaterThan(0);
		expect(job.command).toMatch(
			/^spanwise damage .*model --text \S+\/texts\/[0-9a-f]{16}\/a\.txt --context 16 --windows 3 --max-span 2$/
		);
	});
	it('keeps the questions of an evaluation beside its texts', async () => {
		const line = JSON.stringify({ prompt: 'the cat', choices: [' sat', ' ran'], answer: 0 });
		const questions = { name: 'q.jsonl', text: line };
		const job = await measurementJob(evaluate({ questions, gates: { minAgreement: 0.5 } }), deps);
		expect(job.questions).toEqual(questions);
		expect(job.request).toMatchObject({ questions: 'q.jsonl', gates: { minAgreement: 0.5 } });
		expect(job.command).toMatch(
			/ --plan tiny_plan\.json --choices \S+\/texts\/[0-9a-f]{16}\/q\.jsonl --context 16 --windows 3 --min-agreement 0\.5$/
		);
	});
	it('names the result that has the refitted weights of its plan', async () => {
		const plan = madeUpPlan({ file: 'weights.safetensors', sha256: 'e'.repeat(64), strength: 1 });
		const { request } = await measurementJob(evaluate({ plan, repairOf: 'search' }), deps);
		expect(request).toMatchObject({ kind: 'evaluate', repairOf: 'search' });
		await expect(measurementJob(evaluate({ plan }), deps)).rejects.toThrow(
			'plan: its refitted weights weights.safetensors are not here'
		);
		const elsewhere = measurementJob(evaluate({ plan, repairOf: '../runs' }), deps);
		await expect(elsewhere).rejects.toThrow(NotFoundError);
	});
	it('of a search names its goal', async () => {
		const { command, request } = await measurementJob(search(), deps);
		expect(request).toMatchObject({ kind: 'search', randomPlans: 100, shortlist: null });
		expect(command).toContain('--followers 1 --max-span 2');
	});
	it('of a bench reads the texts that its cost is measured on, and says what both processes take', async () => {
		const job = await measurementJob(bench(), deps);
		expect(job).toMatchObject({
			run: id,
			documents: [text],
			request: { kind: 'bench', modelHash: hash, prompt: 12, repeats: 3, repairOf: null },
			// Two rounds per model for each of three, and one of each that is not counted; two windows of text, both ways.
			estimate: {
				...{ context: 12, windows: 3, tokens: 2 * 4 * 2 * (2 * 12 + 4) + 2 * 2 * 256 },
				notes: [expect.stringContaining('2 windows instead of 8'), RECALL_OFF]
			}
		});
		expect(job.estimate.memoryBytes).toBeGreaterThan(4e8);
		expect(job.command).toMatch(
			/^spanwise bench .*model --text \S+ --plan tiny_plan\.json --prompt 12 --generate 4 --batch 2 --repeats 3 --dtype fp16 --recall off$/
		);
	});
	it('of a kind with bundled texts reads them where none is named, as the command does', async () => {
		const asked: NewMeasurement = {
			...{ kind: 'bench', run: id, plan: madeUpPlan(), prompt: 12, generate: 4 },
			...{ batch: 2, repeats: 3 }
		};
		const job = await measurementJob(asked, deps);
		expect(job.documents.map(({ name }) => name)).toEqual([
			'walden.txt',
			'through-the-looking-glass.txt'
		]);
	});
	it('of a bench names the result that has the refitted weights', async () => {
		const plan = madeUpPlan({ file: 'weights.safetensors', sha256: 'e'.repeat(64), strength: 1 });
		const { request } = await measurementJob(bench({ plan, repairOf: 'search' }), deps);
		expect(request).toMatchObject({ kind: 'bench', repairOf: 'search' });
		await expect(measurementJob(bench({ plan }), deps)).rejects.toThrow('spanwise bench');
	});
	it('of a bench leaves an ONNX model its type', async () => {
		const file = await writeOnnxFolder(join(home, 'onnx'), cachedOnnx({ form: 'groupQuery' }));
		const onnxHash = await hashOf(file, home);
		const model = { ...record.model, folder: file, hash: onnxHash };
		await writeRun(runFolder(home, 'of-onnx'), { ...record, id: 'of-onnx', model }, sums, windows);
		const plan = smallDecoderPlan([0, 0, 2, null]);
		const job = await measurementJob(bench({ run: 'of-onnx', plan }), deps);
		expect(job.request).toMatchObject({ modelFolder: file, dtype: null });
		expect(job.command).not.toContain('--dtype');
	});
});

describe('refused before it waits', () => {
	const other = { ...madeUpPlan(), sources: [0, 0], model: { ...madeUpPlan().model, layers: 2 } };
	it.each([
		['weights that are others now', damage({ run: 'other-weights' }), 'its weights have the hash'],
		['a context without positions', damage({ context: 5000 }), 'context: 5000 tokens'],
		['a span of one layer', damage({ maxSpan: 1 }), 'longest span: 1'],
		['what is no plan', evaluate({ plan: {} }), 'plan: not a plan'],
		['a plan for another model', evaluate({ plan: other }), '2 layers; model has 3'],
		['gates that are none', evaluate({ gates: { minAgreement: 2 } }), 'gates: minAgreement'],
		[
			'questions that are none',
			evaluate({ questions: { name: 'q', text: '{}' } }),
			'q: line 1: prompt'
		],
		['more positions than there are', bench({ prompt: 5000 }), 'prompt and generate: 5000 + 4'],
		['a bench of a plan for another model', bench({ plan: other }), '2 layers; model has 3'],
		[
			'more followers than fit',
			search({ goal: { kind: 'followers', followers: 9 } }),
			'followers: 9'
		]
	])('%s', async (_, asked, message) => {
		const job = measurementJob(asked, deps);
		await expect(job).rejects.toThrow(message);
		await expect(job).rejects.toThrow(InputError);
	});
	it('a run that is not known, with 404', async () => {
		await expect(measurementJob(damage({ run: '../x' }), deps)).rejects.toThrow(NotFoundError);
	});
	it.each([
		[{ ...damage(), kind: 'guess' }, 'request'],
		[{ ...damage(), more: 1 }, 'request: more'],
		[{ ...bench(), texts: [] }, 'request: texts'],
		[{ ...bench(), dtype: 'int8' }, 'request: dtype'],
		[{ ...bench(), batch: 0 }, 'request: batch: batch must be at least 1'],
		[{ ...damage(), texts: [] }, 'request: texts: choose a text'],
		[{ ...search(), goal: { kind: 'save', axis: 'time', share: 1 } }, 'request: goal.axis']
	])('a request of another form: %#', (asked, message) => {
		expect(() => parseUntrusted(newMeasurementSchema, asked, 'request')).toThrow(message);
	});
});

describe('the results that are served', () => {
	it('are listed by model, and known by their listed id only', async () => {
		const { results } = deps;
		expect((await results.list(null)).map(({ id }) => id)).toEqual(['search']);
		expect(await results.list('00')).toEqual([]);
		await expect(results.result('../runs')).rejects.toThrow('result ../runs: not known');
		await expect(results.remove('nothing')).rejects.toThrow(NotFoundError);
	});
	it('give the files that their plans name, and no others', async () => {
		const { results } = deps;
		expect(await results.file('search', 'weights.safetensors')).toMatchObject({ bytes: 1 });
		for (const name of ['result.json', '../search/result.json', 'other.safetensors'])
			await expect(results.file('search', name)).rejects.toThrow(
				`result search: has no file ${name}`
			);
	});
});
