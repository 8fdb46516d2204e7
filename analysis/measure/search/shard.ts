import { join } from 'node:path';
import type { Model } from '../../model/open.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import type { FolderFile } from '../../workspace/wholeFolder.ts';
import { readResults } from '../lossFile.ts';
import { addLosses, lossFile } from '../shards/losses.ts';
import type { Part as ShardPart } from '../shards/parts.ts';
import { ownOf, type Shard } from '../shards/shard.ts';
import { dropVariant, spanVariant } from './damage.ts';
import { PlanRunner, type PlanSample } from './planRunner.ts';
import { prepareSearch, type PreparedSearch } from './prepare.ts';
import { openSearchStores, type SearchStores } from './stores.ts';
import type { SearchRequest } from './types.ts';
import { identity, type PlanVariant } from './variant.ts';

const TEXT = 'text.jsonl';
const RECALL = 'recall.jsonl';

/** Callbacks. */
export interface SearchShardOptions {
	onProgress: (progress: Progress) => void;
	/** Called once, before the model runs. */
	onPrepared?: (prepared: PreparedSearch) => Promise<void> | void;
}

/**
 * Measures what every dropped layer and every span adds, on the windows and probes of the search part that are a shard's: the
 * files of its part. A search is no single pass, and its race looks at all windows together: so shards measure its tables,
 * without a race, and the search that reads them measures plans alone. Throws InputError as `searchPlans`.
 */
export async function searchShard(
	model: Model,
	request: SearchRequest,
	shard: Shard,
	options: SearchShardOptions
): Promise<FolderFile[]> {
	const prepared = await prepareSearch(model, request);
	const { layout, limits, spans, context, text } = prepared;
	const { layers } = layout;
	const { index, count } = shard;
	const hash = await model.hash(request.home);
	// Its own files: several shards may write at once.
	const home = join(request.home, 'search', 'shards', `${index}-of-${count}`);
	const stores = await openSearchStores(prepared, hash, home);
	const variants: PlanVariant[] = [
		identity(layers),
		...Array.from({ length: layers }, (_, layer) => layer)
			.filter((layer) => !limits.protectedLayers.includes(layer))
			.map((layer) => dropVariant(layers, layer)),
		...spans.map(({ source, last }) => spanVariant(layers, source, last))
	];
	const samples = [
		{ file: TEXT, sample: text, stores: stores.text },
		...(prepared.recall && stores.recall
			? [{ file: RECALL, sample: prepared.recall, stores: stores.recall }]
			: [])
	];
	const own = ({ parts }: PlanSample) => ownOf([...parts.search.keys()], shard);
	const workOf = (sample: PlanSample) =>
		own(sample).length * variants.length * (layers * sample.work.layer + sample.work.head);
	const totalWork = samples.reduce((sum, { sample }) => sum + workOf(sample), 0);
	try {
		await options.onPrepared?.({ ...prepared, totalWork });
		const task = { work: totalWork, layers, windows: own(text).length, context };
		const reporter = new Reporter(task, options.onProgress);
		const callbacks = { reporter, onLayer: () => undefined };
		const plans = await prepared.plans.open();
		try {
			for (const { sample, stores: to } of samples)
				await new PlanRunner(sample, to.files, plans, callbacks).losses(
					'search',
					variants,
					own(sample)
				);
		} finally {
			await plans.close();
		}
	} finally {
		await stores.close();
	}
	const files: FolderFile[] = [];
	for (const { file, stores: from } of samples)
		files.push(lossFile(file, await readResults(from.files.search.path)));
	return files;
}

/** Adds what shards measured to the files of a search. Throws InputError where a part is not what was written. */
export async function addShards(parts: readonly ShardPart[], stores: SearchStores): Promise<void> {
	await addLosses(parts, TEXT, stores.text.files.search);
	if (stores.recall !== null) await addLosses(parts, RECALL, stores.recall.files.search);
}
