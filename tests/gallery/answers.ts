import { compareRuns } from '../../analysis/compare/compareRuns.ts';
import { rowsOf } from '../../analysis/compare/depth.ts';
import { headBlock } from '../../analysis/similarity/measure.ts';
import { similarityOf } from '../../analysis/similarity/similarity.ts';
import { METRICS, VIEWS } from '../../analysis/similarity/types.ts';
import { SHAPE_HEADER } from '../../src/lib/client/api.ts';
import type { Study } from '../builders/study.ts';
import { ESTIMATE, FAILURE, recordOf, results, studies, summaryOf } from './world.svelte.ts';

const json = (body: unknown, status = 200) => Response.json(body, { status });
const rows = (matrix: Float64Array | null, columns: number) => matrix && rowsOf(matrix, columns);

/**
 * Answers as the server would, from what is made up: in place of the browser's own `fetch`. What asks about a run whose
 * id says so never gets an answer, or a failure.
 */
export const answer: typeof fetch = (request, options) => {
	const url = new URL(request instanceof Request ? request.url : request, location.href);
	const path = url.pathname;
	if (path.includes('-pending')) return new Promise(() => undefined);
	if (path.includes('-failing')) return Promise.resolve(json({ message: FAILURE }, 500));
	if (path === '/api/estimate') return Promise.resolve(estimated(options?.body));
	if (path === '/api/compare') return Promise.resolve(comparison());
	if (path === '/api/results') return Promise.resolve(json(results.map(summaryOf)));
	const [, , kind, id, what] = path.split('/');
	if (kind === 'results') {
		const found = results.find((result) => result.id === id);
		if (found !== undefined) return Promise.resolve(json(found));
	}
	const study = studies.find(({ run }) => run.record.id === id);
	return Promise.resolve(
		(study && ofRun(study, what, url.searchParams)) ??
			json({ message: `${path}: not made up; see tests/gallery/answers.ts` }, 404)
	);
};

function ofRun(study: Study, what: string, query: URLSearchParams): Response | null {
	const { sums, windows } = study.run;
	const { layers, heads } = sums[0];
	const metric = METRICS.find((name) => name === query.get('metric')) ?? 'cosine';
	const view = VIEWS.find((name) => name === query.get('view')) ?? 'all';
	const seen = sums.find((each) => each.view === view) ?? sums[0];
	switch (what) {
		case 'similarity': {
			const { matrix, low, high, ...rest } = similarityOf(seen, metric, [0, 0, 0, 0]);
			return json({
				...rest,
				matrix: rows(matrix, layers),
				null: rows(rest.null, layers),
				low: rows(low, layers),
				high: rows(high, layers)
			});
		}
		case 'heads': {
			const [from, to] = ['from', 'to'].map((name) => Number(query.get(name)));
			return json({ from, to, matrix: rows(headBlock(seen, metric, from, to), heads) });
		}
		case 'windows':
			return json({
				windows: windows.windows.map((window, index) => ({
					...window,
					...study.run.record.windows[index]
				}))
			});
		case 'attention':
			return attention(
				query.get('layers')?.split(',').length ?? 1,
				heads,
				study.run.record.context
			);
		default:
			return null;
	}
}

/** Each query attends to all before it alike, the more the nearer. */
function attention(layers: number, heads: number, tokens: number): Response {
	const data = new Float32Array(layers * heads * tokens * tokens);
	data.forEach((_, at) => {
		const [query, key] = [Math.floor(at / tokens) % tokens, at % tokens];
		data[at] = key > query ? 0 : (2 * (key + 1)) / ((query + 1) * (query + 2));
	});
	return new Response(data, {
		headers: { [SHAPE_HEADER]: [layers, heads, tokens, tokens].join() }
	});
}

/** Of several models, an estimate each; of a measurement, one. */
function estimated(body: unknown): Response {
	const asked: unknown = typeof body === 'string' ? JSON.parse(body) : {};
	const models =
		typeof asked === 'object' && asked !== null && 'models' in asked ? asked.models : null;
	const one = { estimate: ESTIMATE, refusal: null };
	return json(Array.isArray(models) ? models.map((model: unknown) => ({ model, ...one })) : one);
}

function comparison(): Response {
	const inputs = studies.map((study) => ({ record: recordOf(study), sums: study.run.sums[0] }));
	return json(compareRuns(inputs, { metric: 'cosine', view: 'all' }));
}
