import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { documentPaths, examplesOf } from './examples/collect.ts';

const COMMAND = resolve('dist/spanwise.js');
/** Limits that are broken (3), or that too few windows decide (4): an answer like any other. */
const GATES = [0, 3, 4];
/** File that a command writes its output to. */
const TO_FILE = / > (\S+)$/;
/** Last line of a shown output that is cut short. */
const MORE = '…';

/** Figures differ a little between processors, and with them the widths of columns. */
function withoutFigures(text: string): string[] {
	return text
		.trim()
		.split('\n')
		.map((line) =>
			line
				.replaceAll(/[\d.]+(?:e-\d+)?/g, '0')
				.replaceAll(/ +/g, ' ')
				.trim()
		);
}

const documents = documentPaths().map((document) => ({
	document,
	examples: examplesOf(document)
}));

describe.each(documents.filter(({ examples }) => examples.length > 0))(
	'$document',
	({ examples }) => {
		/** As a reader would have it: a folder of one's own beside the project's texts. */
		const folder = mkdtempSync(join(tmpdir(), 'spanwise-readme-'));
		symlinkSync(resolve('static'), join(folder, 'static'));
		afterAll(() => rmSync(folder, { recursive: true, force: true }));

		it.each(examples)('$command', async ({ command, shown }) => {
			const line = command.replace(/^npx spanwise/, `${process.execPath} ${COMMAND}`);
			const child = spawn('bash', ['-c', line], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
			let [stdout, stderr] = ['', ''];
			child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
			child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
			const [code] = (await once(child, 'close')) as [number | null];
			const allowed = /--max-(accuracy-drop|loss-increase)/.test(command) ? GATES : [0];
			expect(allowed, stderr).toContain(code);
			const file = TO_FILE.exec(command)?.[1];
			const printed =
				file === undefined ? stdout + stderr : readFileSync(join(folder, file), 'utf8');
			expect(printed).not.toBe('');
			if (shown === null) return;
			const expected = withoutFigures(shown);
			const whole = expected.at(-1) !== MORE;
			const lines = withoutFigures(stdout);
			if (whole) expect(lines).toEqual(expected);
			else expect(lines.slice(0, expected.length - 1)).toEqual(expected.slice(0, -1));
		});
	}
);
