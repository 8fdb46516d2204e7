import { join } from 'node:path';
import { discoverModels } from '../analysis/models/discover.ts';
import type { FoundModel } from '../analysis/models/folders.ts';
import { resolveModel } from '../analysis/models/resolve.ts';
import { projectRoot } from '../analysis/projectRoot.ts';
import type { ModelListing } from '../analysis/checkpoint/types.ts';
import { resolveRun } from '../analysis/run/list.ts';
import { readRun } from '../analysis/run/read.ts';
import type { RunRecord } from '../analysis/run/types.ts';
import { workspaceHome } from '../analysis/run/workspace.ts';
import type { Io } from './io.ts';
import type { SharedOptions } from './options.ts';
import { reportModel } from './supervise.ts';

const BUNDLED_MODELS = join(projectRoot(), 'models');

export function homeOf({ home }: SharedOptions, io: Io): string {
	return workspaceHome({ home, env: io.env, cwd: process.cwd() });
}

/** The models that can be had; or only those in folders that have one that is `wanted`. */
export function findModels(
	{ models = [] }: SharedOptions,
	io: Io,
	wanted?: (model: FoundModel) => boolean
): Promise<ModelListing[]> {
	const places = { bundled: BUNDLED_MODELS, folders: models, env: io.env };
	return discoverModels(places, undefined, wanted);
}

/** The folder that MODEL means. Throws InputError where there is none. */
export async function findModel(model: string, options: SharedOptions, io: Io): Promise<string> {
	const folder = await resolveModel(model, (wanted) => findModels(options, io, wanted));
	reportModel(folder);
	return folder;
}

/** The run that RUN means, a folder or an id of the workspace. Throws InputError where there is none. */
export async function findRun(
	run: string,
	options: SharedOptions,
	io: Io
): Promise<{ folder: string; record: RunRecord }> {
	const folder = await resolveRun(run, homeOf(options, io));
	return { folder, record: await readRun(folder) };
}
