import type { ResultSummary } from '$analysis/measure/results/types.ts';
import { formatTime } from '$analysis/text/number.ts';
import type { Column } from '../table/view.ts';

/** Fields of a row that the table of past results needs. */
export type PastRow = Pick<ResultSummary, 'id' | 'createdAt'>;

export const DATE: Column<PastRow> = {
	key: 'date',
	title: 'Date',
	value: ({ createdAt }) => formatTime(createdAt)
};

export const TEXTS: Column<Pick<ResultSummary, 'texts'>> = {
	key: 'texts',
	title: 'Texts',
	value: ({ texts }) => texts.join(', ')
};

export const WINDOWS: Column<Pick<ResultSummary, 'windows' | 'context'>> = {
	key: 'windows',
	title: 'Windows',
	about: 'Windows × tokens in each',
	align: 'right',
	value: ({ windows }) => windows,
	format: (_, { windows, context }) => `${windows} × ${context}`
};
