import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A worker that needs no model: the name of the "model folder" says how it behaves. Every start is noted as a
 * line in `starts` beside it, with the process id, so that tests can see the order and kill a worker from outside.
 */
const SCRIPT = `
const { appendFileSync, mkdirSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const progress = {
	stage: 'layers', layer: 1, layers: 2, window: 0, windows: 1,
	fraction: 0.5, secondsElapsed: 1, secondsLeft: 1, rssBytes: 1, tokens: 4
};
const sample = { seconds: 1, stage: 'layers', rssBytes: 1, cores: 1, tokensPerSecond: 4 };
const sums = { stages: [{ stage: 'layers', seconds: 1 }], peakRssBytes: 1, cpuSeconds: 1, tokens: 4, seconds: 1 };
const send = (message) => new Promise((done) => process.send(message, undefined, undefined, done));
process.on('disconnect', () => process.exit(1));
process.once('message', async (task) => {
	const folder = task.request ? task.request.modelFolder : task.modelFolder;
	const made = task.kind === 'attention' ? null
		: join(task.request.home, task.request.kind === 'analyze' ? 'runs' : 'results', task.id);
	appendFileSync(join(__dirname, 'starts'), folder + ' ' + process.pid + '\\n');
	if (made !== null) {
		mkdirSync(join(dirname(made), '.partial-' + task.id + '-0000'), { recursive: true });
		await send({ kind: 'progress', progress, sample, sums, progressFile: join(made, 'progress.jsonl') });
	}
	const behaviours = {
		crash: () => process.exit(3),
		abort: () => process.abort(),
		refuse: () => send({ kind: 'failed', message: 'text a.txt: too short', fault: 'input' }),
		hang: () => new Promise(() => setInterval(() => {}, 1000)),
		done: async () => {
			if (made !== null) {
				mkdirSync(made, { recursive: true });
				writeFileSync(join(made, 'texts.json'), JSON.stringify(task.request.documents ?? []));
				writeFileSync(join(made, 'task.json'), JSON.stringify(task));
				await send({ kind: 'done', attention: null, telemetry: { samples: [sample], ...sums } });
			} else {
				const size = task.layers.length * task.ids.length ** 2;
				const shape = [task.layers.length, 1, task.ids.length, task.ids.length];
				await send({ kind: 'done', attention: { data: new Float32Array(size).fill(0.5), shape }, telemetry: null });
			}
			process.exit(0);
		}
	};
	await behaviours[folder.replace(/-.*/, '')]();
	process.exit(0);
});
`;

/** Writes the script into a folder and returns its path. */
export function writeFakeWorker(folder: string): string {
	const file = join(folder, 'worker.cjs');
	writeFileSync(file, SCRIPT);
	return file;
}
