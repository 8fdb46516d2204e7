import type { Evaluation, WindowTokens } from '$analysis/measure/evaluate/types.ts';
import { csv } from '$analysis/text/csv.ts';

/** Tokens of windows as CSV, one per line; line breaks in them are written as in code. */
export function tokensCsv(worst: readonly WindowTokens[]): string {
	const lines = worst.flatMap(({ window, pieces, baseline, shared }) =>
		pieces.map((piece, index) => [
			window,
			index + 1,
			piece.replaceAll('\n', '\\n').replaceAll('\r', '\\r'),
			baseline[index] ?? null,
			shared[index] ?? null
		])
	);
	return csv([['window', 'position', 'token', 'baseline loss', 'shared loss'], ...lines]);
}

/** Windows of an evaluation as CSV, one per line. */
export function windowsCsv({ report, texts }: Evaluation): string {
	const lines = report.windows.map((row, window) => [
		window,
		texts[row.document]?.name ?? '',
		row.start,
		row.baseline,
		row.shared,
		row.kl,
		row.agreement
	]);
	const header = ['window', 'text', 'start', 'baseline loss', 'shared loss', 'KL', 'agreement'];
	return csv([header, ...lines]);
}
