import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { deploy, planFor } from '../../tests/builders/deployed.ts';
import { withModel } from '../model/open.ts';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-mixtures-'));
});
afterAll(() => rm(scratch, { recursive: true }));

it.each(['mixtral', 'qwen3_moe', 'gpt_oss'])(
	'a planned %s is written for transformers and read again, every expert with it',
	async (name) => {
		const model = join('tests/fixtures/families', name);
		const plan = await planFor(model, [0, 1, null]);
		const out = join(scratch, name);
		await deploy(model, out, { plan, target: 'transformers' });
		const tensorsOf = (folder: string) =>
			withModel(folder, (opened) => {
				if (opened.form !== 'checkpoint') throw new Error(`${folder} is no checkpoint`);
				return Promise.resolve([...opened.checkpoint.tensors.keys()]);
			});
		const experts = (names: string[]) => names.filter((each) => each.includes('experts'));
		const written = await tensorsOf(out);
		expect(experts(written)).toEqual(experts(await tensorsOf(model)));
		expect(written.filter((each) => /layers\.2\..*[qk]_proj/.test(each))).toEqual([]);
	}
);
