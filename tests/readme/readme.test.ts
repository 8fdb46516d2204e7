import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';

const COMMAND = resolve('dist/spanwise.js');
/** Limits that are broken (3), or that too few windows decide (4): an answer like any other. */
const GATES = [0, 3, 4];
/** Serves until it is ended. */
const ENDLESS = /^npx spanwise serve\b/;

/** The commands of README.md as they are written, those of several lines joined. */
const examples = [...readFileSync('README.md', 'utf8').matchAll(/^```sh\n(.*?)^```$/gms)]
	.flatMap(([, block]) => block.replaceAll('\\\n', ' ').split('\n'))
	.filter((line) => line.startsWith('npx spanwise ') && !ENDLESS.test(line));

/** As a reader would have it: a folder of one's own beside the project's texts. */
const folder = mkdtempSync(join(tmpdir(), 'spanwise-readme-'));
symlinkSync(resolve('static'), join(folder, 'static'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('README.md has examples', () => expect(examples.length).toBeGreaterThan(20));

it.each(examples)('%s', async (example) => {
	const line = example.replace(/^npx spanwise/, `${process.execPath} ${COMMAND}`);
	const child = spawn('bash', ['-c', line], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
	let [stdout, stderr] = ['', ''];
	child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
	child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
	const [code] = (await once(child, 'close')) as [number | null];
	const allowed = /--max-(accuracy-drop|loss-increase)/.test(example) ? GATES : [0];
	expect(allowed, stderr).toContain(code);
	expect(stdout + stderr).not.toBe('');
});
