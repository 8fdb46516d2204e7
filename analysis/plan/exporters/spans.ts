import { csv, type Cell } from '../../text/csv.ts';
import type { Plan } from '../types.ts';

/** The spans of a plan, one per row, with what they were measured by; the header first. */
export function spansCsv(plan: Plan): string {
	const { definition, model } = plan;
	const header = [
		'source',
		'followers',
		'length',
		'head_map',
		'score',
		'metric',
		'view',
		'context',
		'windows',
		'tokens',
		'model',
		'model_hash',
		'version'
	];
	const rows = plan.spans.map((span): Cell[] => [
		span.source,
		span.followers.join(' '),
		span.followers.length + 1,
		span.headMap === 'identity' ? 'identity' : JSON.stringify(span.headMap),
		span.score,
		definition?.metric ?? null,
		definition?.view ?? null,
		definition?.context ?? null,
		definition?.windows ?? null,
		definition?.tokens ?? null,
		model.name,
		model.hash,
		plan.createdBy.version
	]);
	return csv([header, ...rows]);
}
