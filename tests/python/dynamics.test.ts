import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Dynamics } from '../../analysis/compare/dynamics.ts';
import { writeTinyCheckpoint } from '../builders/checkpoint.ts';
import { runCommand } from '../builders/command.ts';

let folder: string;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-dynamics-'));
	for (const step of [1, 20])
		await writeTinyCheckpoint(join(folder, 'out', `step${step}`), {
			seed: step,
			config: { model_type: 'llama' }
		});
});
afterAll(() => rm(folder, { recursive: true }));

async function followed(...args: string[]): Promise<{ dynamics: Dynamics; stderr: string }> {
	const text = ['--text', 'static/samples/walden.txt', '--context', '32', '--windows', '2'];
	const home = ['--home', join(folder, 'home')];
	const { code, stdout, stderr } = await runCommand([
		...['dynamics', join(folder, 'out'), ...text, ...home],
		...['--recall', 'off', '--json', ...args]
	]);
	expect(code, stderr).toBe(0);
	return { dynamics: JSON.parse(stdout) as Dynamics, stderr };
}

it('a training has the same figures on PyTorch, whose runs are kept apart and taken again', async () => {
	const torch = ['--engine', 'torch'];
	const own = await followed();
	const { dynamics, stderr } = await followed(...torch);
	expect(dynamics.engine).toEqual({ name: 'torch', device: 'cpu', dtype: 'float32' });
	expect(stderr).not.toContain('is of the same weights and text');
	for (const [at, { loss, pairs }] of dynamics.steps.entries()) {
		const expected = own.dynamics.steps[at];
		expect(Math.abs(loss - expected.loss)).toBeLessThan(2e-5);
		for (const [pair, value] of pairs.entries())
			expect(Math.abs(value - expected.pairs[pair])).toBeLessThan(1e-5);
	}
	const again = await followed(...torch);
	expect(again.stderr).toContain('is of the same weights and text');
	expect(again.dynamics).toEqual(dynamics);
});
