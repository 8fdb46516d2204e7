import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Completions } from './completions.ts';

const asked = {
	model: 'baseline',
	prompt: [[1, 2]],
	echo: true,
	max_tokens: 1,
	logprobs: 1
} as const;
const request = { ...asked, prompt: [[1, 2]] };

it('scores nothing where no model is served', async () => {
	const none = new Completions({ completions: null, home: 'home', scoreWorkerFile: 'none.js' });
	await expect(none.score(request)).rejects.toThrow(
		'no model is served here; start with: spanwise serve --completions MODEL'
	);
});

it('says that the process ended, and refuses more requests than may wait', async () => {
	const home = await mkdtemp(join(tmpdir(), 'spanwise-completions-'));
	const scoreWorkerFile = join(home, 'no-worker.js');
	const completions = new Completions({
		completions: { model: 'm', plan: null },
		home,
		scoreWorkerFile
	});
	const many = Array.from({ length: 17 }, () => completions.score(request));
	const ended = await Promise.allSettled(many);
	expect(ended.every(({ status }) => status === 'rejected')).toBe(true);
	const reasons = ended.map((each) => (each.status === 'rejected' ? String(each.reason) : ''));
	expect(reasons[16]).toContain('16 requests wait already');
	expect(reasons[0]).toContain('the process that scores texts');
	await rm(home, { recursive: true });
});

it('may be stopped twice, while a process runs', async () => {
	const home = await mkdtemp(join(tmpdir(), 'spanwise-completions-'));
	const scoreWorkerFile = join(home, 'waits.mjs');
	await writeFile(scoreWorkerFile, "process.on('disconnect', () => process.exit(0));");
	const completions = new Completions({
		completions: { model: 'm', plan: null },
		home,
		scoreWorkerFile
	});
	const waiting = completions.score(request);
	await new Promise((resolve) => setImmediate(resolve));
	completions.stop();
	completions.stop();
	await expect(waiting).rejects.toThrow('the process that scores texts');
	await rm(home, { recursive: true });
});
