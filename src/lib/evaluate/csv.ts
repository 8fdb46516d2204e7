import type { Evaluation, WindowTokens } from '$analysis/evaluate/types.ts';

function quoted(text: string): string {
	return `"${text.replaceAll('"', '""')}"`;
}

/** Tokens of windows as CSV, a line each. */
export function tokensCsv(worst: readonly WindowTokens[]): string {
	const lines = worst.flatMap(({ window, pieces, baseline, shared }) =>
		pieces.map((piece, index) =>
			[window, index + 1, quoted(piece), baseline[index], shared[index]].join(',')
		)
	);
	return ['window,position,token,baseline loss,shared loss', ...lines, ''].join('\n');
}

/** Windows of an evaluation as CSV, a line each. */
export function windowsCsv({ report, texts }: Evaluation): string {
	const lines = report.windows.map((row, window) =>
		[
			window,
			quoted(texts[row.document]?.name ?? ''),
			row.start,
			row.baseline,
			row.shared,
			row.kl,
			row.agreement
		].join(',')
	);
	return ['window,text,start,baseline loss,shared loss,KL,agreement', ...lines, ''].join('\n');
}
