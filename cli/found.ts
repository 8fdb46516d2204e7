import { join } from 'node:path';
import { exists } from '../analysis/model/checkpoint/files.ts';
import { quoted } from '../analysis/edge/quote.ts';
import { InputError } from '../analysis/errors.ts';
import { discoverModels } from '../analysis/model/catalogue/discover.ts';
import type { FoundModel } from '../analysis/model/catalogue/folders.ts';
import { isModel, resolveModel } from '../analysis/model/catalogue/resolve.ts';
import { projectRoot } from '../analysis/projectRoot.ts';
import type { ModelListing } from '../analysis/model/checkpoint/types.ts';
import { resolveRun } from '../analysis/workspace/run/list.ts';
import { readRun } from '../analysis/workspace/run/read.ts';
import type { RunRecord } from '../analysis/workspace/run/types.ts';
import { workspaceHome } from '../analysis/workspace/workspace.ts';
import type { Io } from './io.ts';
import type { SharedOptions } from './options.ts';
import { reportModel } from './supervise.ts';

const RUN_FILE = 'run.json';
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
	const list = (wanted?: (model: FoundModel) => boolean) => findModels(options, io, wanted);
	let folder: string;
	try {
		folder = await resolveModel(model, list);
	} catch (error) {
		throw (await runInstead(model, options, io)) ?? error;
	}
	const refusal = await runInstead(folder, options, io);
	if (refusal !== null) throw refusal;
	reportModel(folder);
	return folder;
}

/** Says why a name that should be a model's is none: it is a run's; null: it is no run's, or a model's as well. */
async function runInstead(
	name: string,
	options: SharedOptions,
	io: Io
): Promise<InputError | null> {
	const folder = await resolveRun(name, homeOf(options, io)).catch(() => null);
	if (folder === null || !(await exists(join(folder, RUN_FILE)))) return null;
	if (await exists(join(folder, 'config.json'))) return null;
	const run = await readRun(folder).catch(() => null);
	if (run === null) return null;
	return new InputError(
		`${quoted(name)}: a run, not a model; it was made from ${quoted(run.model.folder)}: name that`
	);
}

/** The run that RUN means, a folder or an id of the workspace. Throws InputError where there is none. */
export async function findRun(
	run: string,
	options: SharedOptions,
	io: Io
): Promise<{ folder: string; record: RunRecord }> {
	const home = homeOf(options, io);
	const folder = await resolveRun(run, home).catch(() => null);
	if (folder !== null && (await exists(join(folder, RUN_FILE)))) {
		return { folder, record: await readRun(folder) };
	}
	const list = (wanted?: (model: FoundModel) => boolean) => findModels(options, io, wanted);
	if (await isModel(run, list)) {
		throw new InputError(
			`${quoted(run)}: a model, not a run; analyse it first: spanwise analyze ${quoted(run)} --text FILE`
		);
	}
	// Whatever is wrong is said by whoever meets it.
	return { folder: await resolveRun(run, home), record: await readRun(folder ?? run) };
}
