import type { StoredResult } from '$analysis/measure/results/types.ts';
import { PRESETS, type MapPreset } from '$analysis/publish/presets.ts';
import type { SimilarityAnswer } from '../../client/api.ts';
import { requestJson, similarityFrom } from '../../client/request.ts';
import type { PublishedFigure } from '../../controls/figurePresets.ts';
import type { Measurements } from '../../measure/measurements.svelte.ts';

/** Published figures that a run can be drawn as; what draws them, and their numbers, are loaded when asked for. */
export function publishedFigures({ run, results }: Measurements): PublishedFigure[] {
	const search = results?.find(({ kind }) => kind === 'search')?.id;
	const map = (id: string, label: string, { metric, view, show, range }: MapPreset) => ({
		...{ id, label },
		unavailable:
			run.metrics.includes(metric) && run.views.includes(view)
				? null
				: `the run has no ${metric}, ${view}`,
		figure: once(async () => {
			const path = `/api/runs/${run.id}/similarity?metric=${metric}&view=${view}`;
			const similarity = similarityFrom(await requestJson<SimilarityAnswer>(path));
			const { similarityMapFigure } = await import('$analysis/publish/runFigures.ts');
			const look = { plan: null, range: range ?? null, colours: 'viridis' } as const;
			return (style) => {
				const figure = similarityMapFigure(run, similarity, show, look, style);
				if (figure === null) throw new Error(`This run has no ${show} of ${metric}.`);
				return figure;
			};
		})
	});
	const { 'shared-attention': shared, 'echo-att': echo, 'llm-drop': drop } = PRESETS;
	return [
		map('shared-attention', shared.label, shared.set),
		map('echo-att', echo.label, { ...echo.set, range: [...echo.set.range] }),
		{
			...{ id: 'llm-drop', label: drop.label },
			unavailable: search === undefined ? 'needs a search' : null,
			figure: once(async () => {
				const stored = await requestJson<StoredResult>(`/api/results/${search}`);
				const { importanceFigure } = await import('$analysis/publish/runFigures.ts');
				return (style) => {
					const found = stored.result.kind === 'search' ? stored.result.search.report : null;
					if (found?.importance === undefined)
						throw new Error('This search kept no importance; search again.');
					return importanceFigure(run, stored, found.importance, style);
				};
			})
		}
	];
}

type Draw = Awaited<ReturnType<PublishedFigure['figure']>>;

/** Asks for what a figure draws once, whatever the style. */
function once(
	load: () => Promise<(style: Parameters<PublishedFigure['figure']>[0]) => Draw>
): PublishedFigure['figure'] {
	let loaded: ReturnType<typeof load> | null = null;
	return async (style) => {
		loaded ??= load();
		return (await loaded)(style);
	};
}
