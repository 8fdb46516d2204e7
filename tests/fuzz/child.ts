import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from './random.ts';
import { Finding } from './target.ts';
import { TARGETS } from './targets/targets.ts';
import type { Ask, Reply } from './messages.ts';

/**
 * Tries mutants of one target, one a message, in a process of its own: what hangs or crashes takes this process with
 * it and not the one that counts.
 */
const name = process.argv[2];
const make = TARGETS.get(name);
if (make === undefined || process.send === undefined) {
	throw new Error(`target ${name}: unknown, or not started by the fuzzer`);
}
const target = make();
const root = await mkdtemp(join(tmpdir(), 'spanwise-fuzz-'));
await target.prepare(join(root, 'seeds'));
const reply = (message: Reply): void => void process.send?.(message);

process.on('message', ({ seed }: Ask) => {
	void attempt(seed).then(reply);
});
process.once('disconnect', () => {
	void leave();
});
reply({ kind: 'ready' });

async function leave(): Promise<void> {
	await target.end?.();
	await rm(root, { recursive: true, force: true });
	process.exit();
}

async function attempt(seed: number): Promise<Reply> {
	const folder = await mkdtemp(join(root, 'mutant-'));
	try {
		return { kind: 'outcome', outcome: await target.try(new Random(seed), folder) };
	} catch (error) {
		if (error instanceof Finding) return { kind: 'finding', what: error.message };
		const stack = error instanceof Error ? error.stack : undefined;
		return { kind: 'finding', what: `the fuzzer itself failed: ${stack ?? String(error)}` };
	} finally {
		await rm(folder, { recursive: true, force: true });
	}
}
