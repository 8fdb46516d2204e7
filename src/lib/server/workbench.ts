import { pythonOf } from '$analysis/engine/torchSettings.ts';
import { clearRemembered } from '$analysis/process/partial.ts';
import { claimWorkspace, type Claim } from '$analysis/workspace/claim.ts';
import { AttentionMaker } from './attention.ts';
import { Completions } from './completions.ts';
import { queueFirstRun } from './firstRun.ts';
import { JobManager } from './jobs/manager.ts';
import { JobStore } from './jobs/store.ts';
import { removeUnusedTexts } from './keptTexts.ts';
import { LabelCatalogue } from './labels.ts';
import { ModelCatalogue } from './models.ts';
import { ModelFolders } from './modelFolders.ts';
import type { Reader } from '$analysis/measure/questions.ts';
import { ReaderProcesses } from './reading/readerProcess.ts';
import { ResultCatalogue } from './results.ts';
import { RunCatalogue } from './runs.ts';
import { settingsFrom, type Settings } from './settings.ts';
import { TorchLook } from './torch.ts';

/** All that the endpoints work with; one a server process. */
export interface Workbench {
	settings: Settings;
	/** The workspace as this server holds it. */
	claim: Claim;
	/** Answers what takes a look into models and texts, in processes of its own. */
	reader: Reader;
	models: ModelCatalogue;
	runs: RunCatalogue;
	results: ResultCatalogue;
	labels: LabelCatalogue;
	jobs: JobManager;
	attention: AttentionMaker;
	completions: Completions;
	/** The Python that would run PyTorch, and whether it can. */
	torch: TorchLook;
	/** Aborted when the server stops, so that open event streams end. */
	stopped: AbortSignal;
	/** Ends every child process; what ran is marked interrupted. Calling it again does nothing. */
	stop(): void;
}

/** Takes up the workspace: interrupted jobs are marked, leftovers removed, the queue goes on. */
async function openWorkbench(settings: Settings): Promise<Workbench> {
	const { root, home, workerFile, memoryLimitBytes, jobs: concurrency } = settings;
	const claim = claimWorkspace(home);
	const readOnly = claim.readOnly !== null;
	const reader = new ReaderProcesses({ file: settings.readerFile });
	const folders = new ModelFolders(home, settings.modelFolders);
	await folders.load();
	const python = pythonOf(process.env);
	const torch = new TorchLook(python);
	const models = new ModelCatalogue(root, folders, reader, { python, found: torch.found });
	const runs = new RunCatalogue(home, reader);
	const results = new ResultCatalogue(home);
	const labels = new LabelCatalogue(home);
	const attention = new AttentionMaker(workerFile);
	const completions = new Completions(settings);
	const jobs = new JobManager({
		store: new JobStore(home, readOnly),
		readOnly,
		problem: () => claim.problem(),
		workerFile,
		concurrency,
		home,
		memoryLimitBytes
	});
	if (!readOnly) {
		await Promise.all([runs.removeUnfinished(), results.removeUnfinished(), clearRemembered(home)]);
		await removeUnusedTexts(home, async () => ({
			hashes: [...(await runs.textHashes()), ...(await results.textHashes())],
			commands: jobs.commands()
		}));
	}
	await jobs.start();
	const stopping = new AbortController();
	const workbench: Workbench = {
		settings,
		claim,
		reader,
		models,
		runs,
		results,
		labels,
		jobs,
		attention,
		completions,
		torch,
		stopped: stopping.signal,
		stop() {
			jobs.stop();
			attention.stop();
			completions.stop();
			reader.stop();
			stopping.abort();
			claim.giveUp();
		}
	};
	if (readOnly) console.error(`the workspace can only be looked at: ${claim.readOnly ?? ''}`);
	else await queueFirstRun(workbench);
	return workbench;
}

const KEY = Symbol.for('spanwise.workbench');
const held: typeof globalThis & { [KEY]?: Promise<Workbench> } = globalThis;

/**
 * The workbench of this process, opened at the first call. Held by the process, not by this module: in
 * development the module is loaded anew after every edit, and the jobs must go on.
 */
export function theWorkbench(): Promise<Workbench> {
	held[KEY] ??= openWorkbench(settingsFrom(process.env)).then((workbench) => {
		process.once('exit', () => workbench.stop());
		return workbench;
	});
	return held[KEY];
}
