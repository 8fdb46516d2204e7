import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from 'vitest';
import { TARGETS } from './targets/targets.ts';

const run = promisify(execFile);
/** Mutants of each kind: enough to meet every way of changing a file, few enough for every change. */
const MUTANTS = 40;
const TIMEOUT_MS = 300_000;

beforeAll(async () => {
	await run('npx', ['vite', 'build', '-c', 'vite.fuzz.config.ts', '--logLevel', 'warn']);
}, TIMEOUT_MS);

it.each([...TARGETS.keys()])(
	'changed %s are refused in a line or read right, never a fault, a hang or another number',
	async (target) => {
		const args = ['--target', target, '--mutants', `${MUTANTS}`, '--minutes', '4'];
		const { stdout } = await run(process.execPath, ['tests/fuzz/build/fuzz.js', ...args]);
		expect(stdout).toContain(`${target}: ${MUTANTS} mutants`);
		expect(stdout).toContain('0 findings');
	},
	TIMEOUT_MS
);
