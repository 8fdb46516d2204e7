import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';

/** Folders of a workspace, by their contents. Absolute paths. */
export interface Workspace {
	home: string;
	/** One folder a run. */
	runs: string;
	/** One folder a stored measurement. */
	results: string;
	/** Names, notes, tags and pins: a small file per run or result that has some. */
	labels: string;
	/** Trainings that were followed: a file each. */
	dynamics: string;
	/** Remembered model hashes and speeds. */
	cache: string;
	jobs: string;
}

/** Longest part of a run's id that comes from the model's name; folder names stay readable. */
const MAX_NAME_LENGTH = 40;

/** The workspace: `--home`, else SPANWISE_HOME, else `.spanwise` in the working directory. */
export function workspaceHome(from: {
	home?: string | undefined;
	env: Record<string, string | undefined>;
	cwd: string;
}): string {
	return resolve(from.cwd, from.home ?? (from.env.SPANWISE_HOME || '.spanwise'));
}

export function workspaceAt(home: string): Workspace {
	return {
		home,
		runs: join(home, 'runs'),
		results: join(home, 'results'),
		labels: join(home, 'labels'),
		dynamics: join(home, 'dynamics'),
		cache: join(home, 'cache'),
		jobs: join(home, 'jobs.json')
	};
}

/**
 * The id of a new run or result, which is also its folder's name: the model's name, the time in UTC, four hex
 * digits against two of one second. `mini-llama2-20261123-061503-a1b2`
 */
export function newRunId(modelName: string, date: Date): string {
	const [day, time] = date
		.toISOString()
		.replaceAll(/[-:]|\..*/g, '')
		.split('T');
	return `${slugOf(modelName)}-${day}-${time}-${randomBytes(2).toString('hex')}`;
}

/** A name as the beginning of an id: lower-case letters, digits and dashes. */
export function slugOf(name: string): string {
	const slug = name
		.toLowerCase()
		.replaceAll(/[^a-z0-9]+/g, '-')
		.slice(0, MAX_NAME_LENGTH)
		.replaceAll(/^-+|-+$/g, '');
	return slug || 'model';
}
