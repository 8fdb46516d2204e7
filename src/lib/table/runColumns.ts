import type { RunRecord } from '$analysis/workspace/run/types.ts';
import {
	formatBytes,
	formatCount,
	formatDuration,
	formatTime,
	formatWhole
} from '$analysis/text/number.ts';
import type { Column, TableValue } from './view.ts';

const number = (format: (value: number) => string) => (value: TableValue) =>
	typeof value === 'number' ? format(value) : '–';

/** The runs table; hidden columns are in its filter and its CSV. */
export const runColumns: readonly Column<RunRecord>[] = [
	{ key: 'model', title: 'Model', value: ({ model }) => model.name },
	{
		key: 'texts',
		title: 'Text',
		value: ({ texts }) => texts.map(({ name }) => name).join(', ')
	},
	{ key: 'layers', title: 'Layers', align: 'right', value: ({ model }) => model.layers },
	{
		key: 'context',
		title: 'Context',
		about: 'Tokens in a window',
		align: 'right',
		value: ({ context }) => context
	},
	{ key: 'windows', title: 'Windows', align: 'right', value: ({ windows }) => windows.length },
	{
		key: 'tokens',
		title: 'Tokens',
		align: 'right',
		value: ({ tokens }) => tokens,
		format: number(formatWhole),
		hidden: true
	},
	{
		key: 'seconds',
		title: 'Took',
		align: 'right',
		value: ({ seconds }) => seconds,
		format: number(formatDuration)
	},
	{
		key: 'created',
		title: 'Made',
		value: ({ createdAt }) => createdAt,
		format: (value) => (typeof value === 'string' ? formatTime(value) : '–')
	},
	{ key: 'id', title: 'Id', value: ({ id }) => id, hidden: true },
	{
		key: 'architecture',
		title: 'Architecture',
		value: ({ model }) => model.architecture,
		hidden: true
	},
	{ key: 'hash', title: 'Model hash', value: ({ model }) => model.hash, hidden: true },
	{
		key: 'parameters',
		title: 'Parameters',
		value: ({ model }) => model.parameters,
		format: number(formatCount),
		hidden: true
	},
	{ key: 'loss', title: 'Loss (nats/token)', value: ({ loss }) => loss, hidden: true },
	{
		key: 'memory',
		title: 'Peak memory, bytes',
		value: ({ peakRssBytes }) => peakRssBytes,
		format: number(formatBytes),
		hidden: true
	},
	{ key: 'metrics', title: 'Metrics', value: ({ metrics }) => metrics.join(' '), hidden: true },
	{ key: 'command', title: 'Command', value: ({ command }) => command, hidden: true }
];
