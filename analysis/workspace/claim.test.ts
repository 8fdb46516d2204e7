import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
	chmodSync,
	existsSync,
	mkdirSync,
	mkdtempSync,
	readFileSync,
	renameSync,
	rmSync,
	statSync,
	symlinkSync,
	writeFileSync
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimWorkspace } from './claim.ts';

const RACES = 20;
/** A user without rights. */
const NOBODY = 65_534;
/** Locks as `claimWorkspace` does, says so, and stays until it is killed. */
const RACER = `
const { openSync, writeSync } = require('node:fs');
const { tryLock } = require('fs-native-extensions');
process.once('message', (file) => {
	const held = tryLock(openSync(file, 'a+'), 2 ** 30, 1);
	process.send(held);
	setInterval(() => undefined, 1000);
});
process.send('ready');`;

let folder: string;
let home: string;
beforeEach(() => {
	folder = mkdtempSync(join(tmpdir(), 'spanwise-claim-'));
	home = join(folder, 'deep', 'home');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function racer() {
	const child = spawn(process.execPath, ['-e', RACER], {
		stdio: ['ignore', 'inherit', 'inherit', 'ipc']
	});
	await once(child, 'message');
	return child;
}

describe('a workspace', () => {
	it('is made for its owner alone, and held by one server at a time, which is named', () => {
		const claim = claimWorkspace(home);
		expect(claim.readOnly).toBeNull();
		expect(statSync(home).mode & 0o777).toBe(0o700);
		expect(() => claimWorkspace(home)).toThrow(
			new RegExp(`home: used by another Spanwise server \\(process ${process.pid} on .*, since 20`)
		);
		claim.giveUp();
		claimWorkspace(home).giveUp();
	});
	it('is held by one of two in each of many races, and free when that one is killed', async () => {
		mkdirSync(home, { recursive: true });
		const file = join(home, 'server.lock');
		for (let race = 0; race < RACES; race++) {
			const racers = await Promise.all([racer(), racer()]);
			const answers = racers.map(async (child) => {
				child.send(file);
				const answer: unknown[] = await once(child, 'message');
				return answer[0];
			});
			expect((await Promise.all(answers)).sort()).toEqual([false, true]);
			const ended = racers.map((child) => once(child, 'exit'));
			for (const child of racers) child.kill('SIGKILL');
			await Promise.all(ended);
			// What a killed one wrote is no claim: the system let go of its lock.
			claimWorkspace(home).giveUp();
		}
		expect(readFileSync(file, 'utf8')).toContain(`process ${process.pid}`);
	});
	it('that was moved away or made anew is told from the one that was taken', () => {
		const claim = claimWorkspace(home);
		expect(claim.problem()).toBeNull();
		renameSync(home, `${home}-away`);
		expect(claim.problem()).toMatch(/was moved, removed or replaced .* with --home/);
		mkdirSync(home);
		expect(claim.problem()).toMatch(/was moved/);
		claim.giveUp();
	});
	it('that cannot be made is refused at once', () => {
		writeFileSync(join(folder, 'file'), '');
		expect(() => claimWorkspace(join(folder, 'file'))).toThrow('is not a directory; name another');
		expect(() => claimWorkspace(join(folder, 'file', 'x'))).toThrow('is inside a file');
		if (process.platform === 'linux') {
			expect(() => claimWorkspace('/proc/nope')).toThrow('/proc/nope: cannot be made (ENOENT)');
		}
	});
	it('whose lock is no file is refused, and nothing that a link leads to is touched', () => {
		mkdirSync(home, { recursive: true });
		const lock = join(home, 'server.lock');
		const other = join(folder, 'other.txt');
		writeFileSync(other, 'not ours');
		const kinds: (() => void)[] = [() => mkdirSync(lock)];
		if (process.platform !== 'win32')
			kinds.push(
				() => symlinkSync(other, lock),
				() => symlinkSync(join(folder, 'nowhere'), lock),
				() => void execFileSync('mkfifo', [lock])
			);
		for (const make of kinds) {
			make();
			expect(() => claimWorkspace(home)).toThrow(
				`${lock}: not a file of Spanwise's but a folder, a link or a device; remove it, or name another workspace with --home`
			);
			rmSync(lock, { recursive: true });
		}
		expect(readFileSync(other, 'utf8')).toBe('not ours');
		expect(existsSync(join(folder, 'nowhere'))).toBe(false);
	});
	it('is held whatever its lock says, of which a line is shown', () => {
		mkdirSync(home, { recursive: true });
		const lock = join(home, 'server.lock');
		writeFileSync(lock, Buffer.alloc(100_000, 0xff));
		const claim = claimWorkspace(home);
		expect(readFileSync(lock, 'utf8')).toMatch(/^process \d+ on .*\n$/);
		writeFileSync(lock, `\u001b[31m${'x'.repeat(100_000)}\n\n`);
		expect(() => claimWorkspace(home)).toThrow(/server \(\\u001b\[31mx{195}\); stop it/);
		writeFileSync(lock, '');
		expect(() => claimWorkspace(home)).toThrow('(it has just started)');
		claim.giveUp();
	});
	it('that may not be written can still be looked at', () => {
		mkdirSync(home, { recursive: true });
		chmodSync(folder, 0o755);
		chmodSync(home, 0o555);
		const superuser = process.geteuid?.() === 0;
		// The superuser may write everywhere.
		if (superuser) process.seteuid?.(NOBODY);
		const { readOnly } = claimWorkspace(home);
		if (superuser) process.seteuid?.(0);
		expect(readOnly).toMatch(/may not be written \(EACCES\)/);
		chmodSync(home, 0o700);
	});
});
