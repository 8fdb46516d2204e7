import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trainingSteps } from './training.ts';

let root: string;
const at = (...names: string[]) => join(root, ...names);

async function checkpoint(...names: string[]): Promise<void> {
	await mkdir(at(...names), { recursive: true });
	await writeFile(at(...names, 'config.json'), '{}');
}

beforeAll(async () => {
	root = await mkdtemp(join(tmpdir(), 'spanwise-training-'));
	for (const step of ['1000', '200', '20']) await checkpoint('out', `checkpoint-${step}`);
	await checkpoint('out', 'final');
	await mkdir(at('out', 'logs-3'));
	await checkpoint('v2-step512');
	const cached = ['hub', 'models--org--small'];
	await mkdir(at(...cached, 'refs'), { recursive: true });
	for (const [revision, commit] of [
		['step1', 'aa11'],
		['step1000', 'bb22'],
		['step2000', 'not-there'],
		['main', 'bb22']
	]) {
		await writeFile(at(...cached, 'refs', revision), `${commit}\n`);
		if (commit !== 'not-there') await checkpoint(...cached, 'snapshots', commit);
	}
});
afterAll(() => rm(root, { recursive: true }));

const found = async (...places: string[]) =>
	(await trainingSteps(places, at('hub'))).map(({ step, name }) => [step, name]);

describe('checkpoints of a training', () => {
	it('are the numbered folders of a folder, by step', async () => {
		expect(await found(at('out'))).toEqual([
			[20, 'checkpoint-20'],
			[200, 'checkpoint-200'],
			[1000, 'checkpoint-1000']
		]);
	});

	it('are folders by the last number of their name, however they are given', async () => {
		expect(await found(at('v2-step512'), at('out', 'checkpoint-20'))).toEqual([
			[20, 'checkpoint-20'],
			[512, 'v2-step512']
		]);
	});

	it('are the downloaded revisions of a model in the Hugging Face cache', async () => {
		const steps = await trainingSteps(['org/small'], at('hub'));
		expect(steps).toEqual([
			{ step: 1, name: 'step1', folder: at('hub/models--org--small/snapshots/aa11') },
			{ step: 1000, name: 'step1000', folder: at('hub/models--org--small/snapshots/bb22') }
		]);
		expect(await found(at('hub', 'models--org--small'))).toHaveLength(2);
	});

	it.each([
		[
			['out/final'],
			/no number in its name; expected a checkpoint's folder such as checkpoint-1000$/
		],
		[['out/checkpoint-20'], /^checkpoints: found 1; expected 2 to 1000/],
		[
			['out', 'out/checkpoint-20'],
			/^step 20: .*checkpoint-20 and .*expected one checkpoint for each/
		],
		[
			['hub'],
			/no checkpoints; expected a checkpoint's folder, a folder of checkpoint-N, or org\/name/
		]
	])('%j are refused', async (places, message) => {
		const given = places.map((place) => at(place));
		await expect(trainingSteps(given, at('hub'))).rejects.toThrow(message);
	});
});
