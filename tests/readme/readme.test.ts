import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const COMMAND = resolve('dist/spanwise.js');
/** Limits that are broken (3), or that too few windows decide (4): an answer like any other. */
const GATES = [0, 3, 4];
/** Serves until it is ended. */
const ENDLESS = /^npx spanwise serve\b/;
/** Last line of a shown output that is cut short. */
const MORE = '…';

interface Example {
	command: string;
	/** Output that the document shows below a block of one command; null: none. */
	shown: string | null;
}

/** The commands of a document as they are written, those of several lines joined. */
function examplesOf(document: string): Example[] {
	const blocks = readFileSync(document, 'utf8').matchAll(
		/^```sh\n(.*?)^```$(?:(?:(?!^```)[^])*?^```text\n(.*?)^```$)?/gms
	);
	return [...blocks].flatMap((found) => {
		const shown = found.at(2);
		const commands = found[1]
			.replaceAll('\\\n', ' ')
			.split('\n')
			.filter((line) => line.startsWith('npx spanwise ') && !ENDLESS.test(line));
		return commands.map((command) => ({
			command,
			shown: commands.length === 1 && shown !== undefined ? shown : null
		}));
	});
}

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

const documents = [
	'README.md',
	...readdirSync('docs')
		.filter((name) => name.endsWith('.md'))
		.map((name) => join('docs', name))
].map((document) => ({ document, examples: examplesOf(document) }));

it('README.md and docs/ have examples', () => {
	const count = (name: string) =>
		documents.find(({ document }) => document === name)?.examples.length;
	expect(count('README.md')).toBe(5);
	expect(count(join('docs', 'guide.md'))).toBeGreaterThan(20);
});

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
			expect(stdout + stderr).not.toBe('');
			if (shown === null) return;
			const expected = withoutFigures(shown);
			const whole = expected.at(-1) !== MORE;
			const lines = withoutFigures(stdout);
			if (whole) expect(lines).toEqual(expected);
			else expect(lines.slice(0, expected.length - 1)).toEqual(expected.slice(0, -1));
		});
	}
);
