import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy, planFor } from '../../tests/builders/deployed.ts';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import type { DeployRecord } from './types.ts';

const FAMILIES = 'tests/fixtures/families';
const SOURCES = [0, 0, null];

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-mixtures-'));
});
afterAll(() => rm(scratch, { recursive: true }));

it.each(['mixtral', 'qwen3_moe', 'gpt_oss'])(
	'%s is written with a plan and read back',
	async (name) => {
		const model = join(FAMILIES, name);
		const plan = await planFor(model, SOURCES);
		const out = await deploy(model, join(scratch, name), {
			...{ plan, target: 'transformers', verify: true }
		});
		const record = JSON.parse(await readFile(join(out, 'spanwise.json'), 'utf8')) as DeployRecord;
		expect(record.verified?.difference).toBeLessThan(1e-4);
		const original = await openCheckpoint(model);
		const { config, tensors } = await openCheckpoint(out);
		expect(config.shared?.sources).toEqual(SOURCES);
		expect(config.experts).toEqual(original.config.experts);
		const kept = [...original.tensors.keys()].filter((each) => each.includes('layers.1.'));
		const idle = kept.filter((each) => /q_proj|k_proj|q_norm|k_norm|sinks/.test(each));
		expect(kept.filter((each) => !tensors.has(each)).toSorted()).toEqual(idle.toSorted());
	}
);

it('head maps and sinks do not go together', async () => {
	const model = join(FAMILIES, 'gpt_oss');
	const plan = await planFor(model, SOURCES, () => [3, 2, 1, 0]);
	await expect(
		deploy(model, join(scratch, 'mapped'), { plan, target: 'transformers' })
	).rejects.toThrow(
		'gpt_oss: heads have attention sinks, which plans with head maps cannot be written for'
	);
});

it('MXFP4 experts are not written', async () => {
	const model = 'tests/fixtures/quantised/gpt-oss';
	const plan = await planFor(model, [0, 0]);
	await expect(
		deploy(model, join(scratch, 'mxfp4'), { plan, target: 'transformers' })
	).rejects.toThrow(
		'gpt-oss: MXFP4 experts can be analysed and evaluated, but not written: use a checkpoint with them as bfloat16'
	);
});
