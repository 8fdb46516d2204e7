import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildId, currentBuild, publish, unfinishedFolder } from '../../scripts/builds.js';

let root: string;
beforeEach(() => {
	root = mkdtempSync(join(tmpdir(), 'spanwise-builds-'));
	mkdirSync(join(root, 'cli'));
	writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
});
afterEach(() => rmSync(root, { recursive: true }));

/** A build whose command says `says`, reads on once it is told to, and ends. */
function build(id: string, says: string) {
	const folder = unfinishedFolder(root);
	mkdirSync(join(folder, 'command'));
	mkdirSync(join(folder, 'pages'));
	writeFileSync(join(folder, 'pages', 'index.js'), '');
	writeFileSync(join(folder, 'command', 'later.js'), `console.log('${says}, later');`);
	writeFileSync(
		join(folder, 'command', 'spanwise.js'),
		`console.log('${says}'); process.stdin.once('data', async () => { await import('./later.js'); process.exit(); });`
	);
	publish(root, folder, id);
}

function start() {
	const child = spawn(process.execPath, [join(root, 'dist', 'spanwise.js')]);
	let said = '';
	child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
	return {
		child,
		begun: once(child.stdout, 'data'),
		async end() {
			child.stdin.write('go\n');
			await once(child, 'close');
			return said;
		}
	};
}

const builds = () => readdirSync(join(root, 'dist')).filter((name) => /^[0-9a-f]{2}$/.test(name));

describe('builds', () => {
	it('what is needed no more is removed, what a process runs from is kept until it has ended', async () => {
		build('a1', 'first');
		const running = start();
		await running.begun;
		build('b2', 'second');
		build('c3', 'third');
		build('d4', 'fourth');
		expect(builds()).toEqual(['a1', 'c3', 'd4']);
		expect(await running.end()).toBe('first\nfirst, later\n');

		build('e5', 'fifth');
		expect(builds()).toEqual(['d4', 'e5']);
		const newest = start();
		await newest.begun;
		expect(await newest.end()).toBe('fifth\nfifth, later\n');
		expect(readdirSync(join(root, 'dist', 'e5', 'running'))).toEqual([]);
	});

	it('a process that was killed keeps nothing', async () => {
		build('a1', 'first');
		const running = start();
		await running.begun;
		running.child.kill('SIGKILL');
		await once(running.child, 'close');
		build('b2', 'second');
		build('c3', 'third');
		expect(builds()).toEqual(['b2', 'c3']);
	});

	it('the current build is the one that the entry names and that is there', () => {
		expect(currentBuild(root)).toBe(null);
		build('a1', 'first');
		expect(currentBuild(root)).toBe('a1');
		rmSync(join(root, 'dist', 'spanwise.js'));
		expect(currentBuild(root)).toBe(null);
		build('a1', 'first');
		rmSync(join(root, 'dist', 'a1'), { recursive: true });
		expect(currentBuild(root)).toBe(null);
	});

	it('only what is started has an entry, and what is started no more has none', () => {
		build('a1', 'first');
		writeFileSync(join(root, 'dist', 'worker.js'), '');
		writeFileSync(join(root, 'dist', 'shared-Bok8CKj9.js'), '');
		const folder = unfinishedFolder(root);
		mkdirSync(join(folder, 'command'));
		for (const name of ['spanwise.js', 'reader.js', 'shared-B5zRUDm_.js', 'reader.js.map'])
			writeFileSync(join(folder, 'command', name), '');
		publish(root, folder, 'b2');
		const files = readdirSync(join(root, 'dist'), { withFileTypes: true });
		expect(files.filter((file) => file.isFile()).map(({ name }) => name)).toEqual([
			'.npmignore',
			'reader.js',
			'spanwise.js'
		]);
	});

	it('what a killed build left is removed, what another makes is not', async () => {
		const gone = spawn(process.execPath, ['-e', '']);
		await once(gone, 'close');
		for (const pid of [gone.pid, process.ppid]) {
			mkdirSync(join(root, 'dist', `.unfinished-${pid ?? 0}`), { recursive: true });
		}
		const own = unfinishedFolder(root);
		expect(existsSync(join(root, 'dist', `.unfinished-${gone.pid ?? 0}`))).toBe(false);
		expect(existsSync(join(root, 'dist', `.unfinished-${process.ppid}`))).toBe(true);
		expect(readdirSync(own)).toEqual([]);
	});

	it('is named by names and contents of what it is made from, tests aside', () => {
		const write = (file: string, text: string) => writeFileSync(join(root, 'cli', file), text);
		write('a.ts', '1');
		const first = buildId(root);
		expect(first).toMatch(/^[0-9a-f]{12}$/);
		write('a.test.ts', 'any');
		expect(buildId(root)).toBe(first);
		write('a.ts', '2');
		expect(buildId(root)).not.toBe(first);
		write('a.ts', '1');
		expect(buildId(root)).toBe(first);
		write('b.ts', '');
		expect(buildId(root)).not.toBe(first);
	});
});
