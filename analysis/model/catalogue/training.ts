/** Checkpoints of one training, by step. */
import { lstat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { readTextFile } from '../../edge/json.ts';
import { children } from '../checkpoint/cache.ts';
import { exists, isFolder } from '../checkpoint/files.ts';

/** A checkpoint of a training. */
export interface TrainingStep {
	/** The last number of its name: 1000 of "checkpoint-1000" and of the revision "step1000". */
	step: number;
	/** Name of its folder or revision. */
	name: string;
	/** Absolute path of the checkpoint. */
	folder: string;
}

/** More than any training keeps; each is a run. */
const MOST_STEPS = 1000;
const MAX_REF_BYTES = 1000;
const CONFIG = 'config.json';

/**
 * Returns the checkpoints that `places` mean, by step. A place is a checkpoint whose folder has a number in its name, a folder
 * of such checkpoints, or org/name of the Hugging Face cache `hub`, of which the revisions with a number in their name
 * count. Throws InputError for a place that is none of these, for a step that comes twice, and for fewer than two.
 */
export async function trainingSteps(
	places: readonly string[],
	hub: string
): Promise<TrainingStep[]> {
	const steps: TrainingStep[] = [];
	for (const place of places) steps.push(...(await stepsOf(place, hub)));
	steps.sort((a, b) => a.step - b.step);
	const twice = steps.find(({ step }, at) => step === steps.at(at + 1)?.step);
	if (twice !== undefined) {
		const names = steps
			.filter(({ step }) => step === twice.step)
			.map(({ folder }) => quoted(folder));
		throw new InputError(
			`step ${twice.step}: ${names.join(' and ')}; expected one checkpoint for each step of one training`
		);
	}
	if (steps.length < 2 || steps.length > MOST_STEPS) {
		throw new InputError(
			`checkpoints: found ${steps.length}; expected 2 to ${MOST_STEPS}, such as checkpoint-1000 and checkpoint-2000`
		);
	}
	return steps;
}

async function stepsOf(place: string, hub: string): Promise<TrainingStep[]> {
	const folder = resolve(place);
	if (await exists(join(folder, CONFIG))) {
		const name = basename(folder);
		const step = stepOf(name);
		if (step !== null) return [{ step, name, folder }];
		throw new InputError(
			`${quoted(place)}: no number in its name; expected a checkpoint's folder such as checkpoint-1000`
		);
	}
	const cached = join(hub, `models--${place.replaceAll('/', '--')}`);
	const found = (await isFolder(folder))
		? [...(await numberedFolders(folder)), ...(await revisions(folder))]
		: await revisions(cached);
	if (found.length > 0) return found;
	throw new InputError(
		`${quoted(place)}: no checkpoints; expected a checkpoint's folder, a folder of checkpoint-N, or org/name of the Hugging Face cache with revisions such as step1000`
	);
}

async function numberedFolders(folder: string): Promise<TrainingStep[]> {
	const found = [];
	for (const name of await children(folder)) {
		const step = stepOf(name);
		const inner = join(folder, name);
		if (step !== null && (await exists(join(inner, CONFIG))))
			found.push({ step, name, folder: inner });
	}
	return found;
}

/** Revisions with a number in their name, of a repository in the Hugging Face cache. */
async function revisions(repository: string): Promise<TrainingStep[]> {
	const found = [];
	for (const name of await children(join(repository, 'refs'))) {
		const step = stepOf(name);
		if (step === null) continue;
		const commit = await readTextFile(join(repository, 'refs', name), MAX_REF_BYTES);
		const folder = join(repository, 'snapshots', basename(commit.trim()));
		const known = await lstat(join(folder, CONFIG)).catch(() => null);
		if (known !== null) found.push({ step, name, folder });
	}
	return found;
}

function stepOf(name: string): number | null {
	const digits = /\d+(?=\D*$)/.exec(name)?.[0];
	const step = Number(digits ?? NaN);
	return Number.isSafeInteger(step) ? step : null;
}
