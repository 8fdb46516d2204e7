import type { Measurement, Request } from '../kind.ts';
import { withKnown, withRequested } from '../requested.ts';
import type { Model } from '../../model/open.ts';
import { windowWords } from '../settings.ts';
import { opening } from '../torchFlags.ts';
import { SEARCH_DEFAULTS } from './defaults.ts';
import { searchFlags, searchSettings, type SearchSettings } from './settings.ts';
import { refitsOf, searchBrief, searchChanges, searchForm, searchSummary } from './stored.ts';
import type { Search, SearchRequest } from './types.ts';

/** The plan that costs least by measurement, beside its rivals. */
export const search = {
	kind: 'search',
	name: 'search',
	noun: 'a search',
	key: 'search',
	takes: ['texts', 'questions'],
	samples: SEARCH_DEFAULTS.samples,
	settings: searchSettings,
	flags: searchFlags,
	resumes: true,
	help: {
		about:
			'search for the plan with the least measured loss increase, and compare it with its rivals',
		more: `
Exactly one goal: --followers, the saving of so many followers in the K and V cache; --save, a fraction of kCache,
kvCache, parameters, prefillFlops or decodeBytes; --max-loss-increase, the most K and V cache for so many nats/token.

The text is split into three parts. Plans are made on search from the measured damage of every span and dropped layer:
by exact dynamic programming (share, drop, mixed; with recall: share-recall, drop-recall, mixed-recall), step by step (greedy-share, greedy), with best-match head maps
(share-matched). The plan is chosen on choose. It, all rivals at equal savings, the front and the random plans are
then frozen and measured, once, on report. With --repair every plan is measured once more with its output projections
refitted on search; no training. What is measured is kept, so that after Ctrl-C the same command goes on.

Every part reads all texts; of four or more some are kept for report. The plan keeps in-context recall: of the exact plans
over a range of weights between text and recall damage, it is the one of least loss within --max-recall-increase.
With --choices, questions as for spanwise evaluate, accuracy is a third limit: every other question is asked on choose, the
plan of least loss that loses no more than --max-accuracy-drop is taken. The rest are asked once, on report, of every named plan
and of the front; drops are paired with the baseline by question.

Drops and spans race: they are measured on 3, 5, 8, … windows and leave as soon as no cheapest plan can have them any more;
spans are tried from the shortest, and one whose beginning costs too much is not. Random plans race too, and step by step
only changes are measured that may be the cheapest. --exhaustive measures everything on all windows.
JSON: {verdict, goal, target, plans, random, recall, tasks, axes, ties, stability, race, front, shortlist, importance,
baseline, interval, parts, notes}.

Example:
  spanwise search mini-llama2 --followers 2 --windows 2 --context 128 --max-span 3 --random 20`
	},
	extent: ({ context, windows }) => ({ context, windows }),
	extentWords: windowWords,
	async estimate(request) {
		const { prepareSearch } = await import('./prepare.ts');
		const { estimateOf } = await import('../../engine/estimate.ts');
		const asked = await searchRequest(request);
		return withKnown(
			request,
			async (model) => estimateOf(await prepareSearch(model, asked), request.home),
			opening(request.settings)
		);
	},
	async run(request, { onProgress, onPrepared }) {
		// Only here: onnxruntime takes long to load.
		const { searchPlans } = await import('./search.ts');
		const { estimateOf } = await import('../../engine/estimate.ts');
		const asked = await searchRequest(request);
		const searched = (model: Model) =>
			searchPlans(
				model,
				asked,
				{
					onProgress,
					async onPrepared(forecast) {
						if (onPrepared === undefined) return;
						const there = forecast.found === 0 ? '' : `; ${forecast.found} results are there`;
						await onPrepared({
							name: model.name,
							estimate: await estimateOf(forecast, request.home),
							notes: [`what is measured is kept in ${forecast.folder}${there}`]
						});
					}
				},
				request.parts
			);
		const { search, refits } = await withRequested(request, searched, opening(request.settings));
		return { figures: search, files: refits };
	},
	async measureShard(request, { onProgress, onPrepared }, shard) {
		const { searchShard } = await import('./shard.ts');
		const { estimateOf } = await import('../../engine/estimate.ts');
		const asked = await searchRequest(request);
		const measured = (model: Model) =>
			searchShard(model, asked, shard, {
				onProgress,
				async onPrepared(forecast) {
					if (onPrepared === undefined) return;
					await onPrepared({
						name: model.name,
						estimate: await estimateOf(forecast, request.home),
						notes: [
							'a shard measures what every drop and span adds on its windows, without a race; plans are measured when all shards are put together'
						]
					});
				}
			});
		return withRequested(request, measured, opening(request.settings));
	},
	figures: searchForm,
	about: ({ model, texts, context, report }) => ({
		model,
		texts,
		context,
		windows: report.parts.report.windows
	}),
	summary: searchSummary,
	brief: { key: 'search', of: searchBrief },
	changes: searchChanges,
	filesOf: refitsOf
} as const satisfies Measurement<SearchSettings, Search>;

async function searchRequest({
	modelFolder,
	documents,
	questions,
	memoryLimitBytes,
	home,
	settings
}: Request<SearchSettings>): Promise<SearchRequest> {
	const { questionsOf } = await import('../choices/parse.ts');
	return {
		...{ modelFolder, documents, memoryLimitBytes, home, ...settings },
		questions: questionsOf(questions)
	};
}
