import { readdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { readTextFile } from '../../edge/json.ts';
import { InputError } from '../../errors.ts';
import { isFolder } from '../../model/checkpoint/files.ts';
import { parseSamples } from './samples.ts';
import type { TaskSamples } from './types.ts';

/** 256 MB: the samples of one task; V8 holds strings of up to 512 MB. */
const MAX_SAMPLES_BYTES = 256_000_000;

/** samples_hellaswag_2026-11-23T06-15-03.123456.jsonl */
const SAMPLES = /^samples_(.+)_(\d{4}-\d\d-\d\dT[\d.-]+)\.jsonl$/;

/** A run of lm-evaluation-harness: its name, from its folder, and the newest samples of each task. */
export interface LmEvalRun {
	name: string;
	tasks: TaskSamples[];
}

/** Reads a file of samples, or the folder that lm_eval wrote. Throws InputError that names it. */
export async function readRun(path: string): Promise<LmEvalRun> {
	const found = resolve(path);
	if (!(await isFolder(found))) {
		const name = basename(found);
		const task = SAMPLES.exec(name)?.[1] ?? name.replace(/\.jsonl$/, '');
		return { name: basename(dirname(found)), tasks: [await readTask(found, task)] };
	}
	const newest = new Map<string, { date: string; file: string }>();
	for (const file of await readdir(found)) {
		const match = SAMPLES.exec(file);
		if (match === null) continue;
		const [, task, date] = match;
		const known = newest.get(task);
		if (known === undefined || known.date < date) newest.set(task, { date, file });
	}
	if (newest.size === 0) {
		throw new InputError(
			`${path}: no samples_….jsonl; expected a folder that lm_eval --log_samples --output_path wrote`
		);
	}
	const tasks: TaskSamples[] = [];
	for (const [task, { file }] of [...newest].sort(([a], [b]) => (a < b ? -1 : 1))) {
		tasks.push(await readTask(join(found, file), task));
	}
	return { name: basename(found), tasks };
}

async function readTask(file: string, task: string): Promise<TaskSamples> {
	return { task, samples: parseSamples(await readTextFile(file, MAX_SAMPLES_BYTES), file) };
}
