import { AccuracyMeter } from './tasks.ts';
import type { Model } from '../../model/open.ts';
import { confirmedOr } from '../../model/sameModel.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { documentFacts } from '../../model/tokens/documents.ts';
import { madeBy } from '../torchFlags.ts';
import type { About } from './figures.ts';
import { LossMeter } from './lossMeter.ts';
import { measureOutputs } from './outputs.ts';
import { PlanRunner, type PlanSample, type RunnerOptions } from './planRunner.ts';
import { prepareSearch, type PreparedSearch } from './prepare.ts';
import type { Refit } from './repaired.ts';
import { searchWith, type SearchDeps } from './steps.ts';
import { measureSimilarity } from './similarity.ts';
import { openSearchStores, type SampleStores, type SearchStores } from './stores.ts';
import type { Search, SearchReport, SearchRequest } from './types.ts';
import { addShards } from './shard.ts';
import type { Part as ShardPart } from '../shards/parts.ts';

/** Prepared search and the losses that an earlier one left, known before the model runs. */
export interface SearchForecast extends PreparedSearch {
	/** Losses of plans on windows that an earlier search left. */
	found: number;
	/** Folder of those losses. */
	folder: string;
}

/** Callbacks of a search. */
export interface SearchOptions {
	onProgress: (progress: Progress) => void;
	/** Called once, before the model runs. */
	onPrepared?: (forecast: SearchForecast) => Promise<void> | void;
	/** Called after each layer of each window under a plan. */
	onLayer?: () => void;
}

/**
 * Searches for the plan that reaches a goal at the least loss, and measures it beside its rivals on text that no
 * plan has seen. What is measured is saved to the workspace as it comes, so that a stopped search goes on from there.
 * `parts` are what shards measured of drops and spans. `refits` are the refitted weights that the report's plans name. Throws InputError where model, texts, goal,
 * limits or memory limit are at fault.
 */
export async function searchPlans(
	model: Model,
	request: SearchRequest,
	options: SearchOptions,
	parts: readonly ShardPart[] | null = null
): Promise<{ search: Search; refits: Refit[] }> {
	const started = performance.now();
	const prepared = await prepareSearch(model, request);
	const { checkpoint, windows, context, notes } = prepared;
	const { home, documents } = request;
	const hash = await model.hash(home);
	const texts = documents.map(documentFacts);
	const stores = await openSearchStores(prepared, hash, home);
	try {
		if (parts !== null) await addShards(parts, stores);
		await options.onPrepared?.({ ...prepared, found: stores.found, folder: stores.folder });
		const task = {
			work: prepared.totalWork,
			layers: checkpoint.config.layers,
			windows: windows.length,
			context
		};
		const reporter = new Reporter(task, options.onProgress);
		const onLayer = options.onLayer ?? (() => undefined);
		const plans = await prepared.plans.open();
		const about = {
			model: { name: checkpoint.name, hash, tokenizerHash: prepared.tokenizer.sha256 },
			texts,
			context
		};
		const { report, refits } = await measured(request, about, {
			...{ prepared, plans, stores },
			callbacks: { reporter, onLayer }
		}).finally(() => plans.close());
		await confirmedOr(model, home, () => stores.discard());
		const seconds = (performance.now() - started) / 1000;
		const { maxSpan, protectedLayers, repair, maxRecallIncrease } = request;
		const settings = {
			maxSpan,
			protectedLayers,
			repair,
			recall: prepared.recall !== null,
			...(maxRecallIncrease !== undefined && { maxRecallIncrease }),
			...(prepared.tasks && { maxAccuracyDrop: prepared.tasks.limit })
		};
		const ofShards =
			parts === null
				? []
				: [`the damage of drops and spans was measured in ${parts.length} shards`];
		const all = [...notes, ...stores.notes, ...ofShards];
		const engine = madeBy(request.torch, prepared.plans.path);
		return { search: { report, ...about, ...engine, settings, notes: all, seconds }, refits };
	} finally {
		await stores.close();
	}
}

/** Measures similarity and outputs, and then all that the report says. */
async function measured(
	request: SearchRequest,
	about: About,
	deps: Pick<SearchDeps, 'prepared' | 'plans'> & {
		stores: SearchStores;
		callbacks: RunnerOptions;
	}
): Promise<{ report: SearchReport; refits: Refit[] }> {
	const { prepared, plans, stores, callbacks } = deps;
	const { layers } = prepared.checkpoint.config;
	const similarity = await measureSimilarity(prepared, request.home, callbacks.reporter);
	const outputs = await measureOutputs(prepared, plans, callbacks.reporter);
	const meterOf = (sample: PlanSample, { files }: SampleStores) =>
		new LossMeter(new PlanRunner(sample, files, plans, callbacks), sample.parts, layers);
	const meter = meterOf(prepared.text, stores.text);
	const recall = prepared.recall && stores.recall && meterOf(prepared.recall, stores.recall);
	const { maxPositions } = prepared.checkpoint.config;
	const { reporter } = callbacks;
	const { path } = prepared.model;
	const tasks =
		prepared.tasks &&
		stores.tasks &&
		new AccuracyMeter(prepared.tasks, plans, {
			...{ layers, maxPositions, path, reporter },
			stores: stores.tasks.files
		});
	return searchWith(
		request,
		{ ...deps, similarity, ...outputs, ...callbacks, meter, recall, tasks },
		about
	);
}
