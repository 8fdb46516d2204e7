import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCheckpoint } from '../model/checkpoint/open.ts';
import { WeightReader } from '../model/checkpoint/read.ts';
import { nullMatrix } from '../similarity/null.ts';
import { Reporter } from '../telemetry/reporter.ts';
import { Stopwatch } from '../telemetry/stopwatch.ts';
import { captureChunked } from './captureChunked.ts';
import { captureSums, type Captured } from './captureSums.ts';
import { attentionLayout } from './layout.ts';
import { planCapture, planChunked, type Chunks } from './memory.ts';
import type { StatisticsRequest } from './statistics.ts';
import { windowWork } from './work.ts';

const FAMILIES = 'tests/fixtures/families';
const WINDOWS = 3;
const REQUEST: StatisticsRequest = {
	views: ['all', 'no-sink'],
	gram: true,
	sqrt: true,
	jsQueries: 8,
	windowCount: WINDOWS
};

/** Every sum of three windows: streamed, or some queries at a time. */
async function capture(folder: string, context: number, chunks?: Chunks): Promise<Captured> {
	const checkpoint = await openCheckpoint(folder);
	const { config } = checkpoint;
	const layout = attentionLayout(config, context, chunks?.blocks);
	const windows = Array.from({ length: WINDOWS }, (_, window) => ({
		document: 0,
		start: 0,
		ids: Array.from({ length: context }, (__, at) => (at * 37 + window * 101) % config.vocab)
	}));
	const reader = new WeightReader();
	try {
		const prepared = {
			checkpoint,
			layout,
			memory: { resident: false, windowsPerGroup: 1, bytes: 0, limitBytes: 0 },
			work: windowWork(config, layout, REQUEST),
			statistics: REQUEST,
			windows
		};
		const reporter = new Reporter({ work: 1, layers: 1, windows: 1, context }, () => undefined);
		const stopwatch = new Stopwatch();
		return chunks === undefined
			? await captureSums(prepared, reader, null, reporter, stopwatch)
			: await captureChunked(prepared, chunks, { reader, hasher: null, reporter, stopwatch });
	} finally {
		await reader.close();
	}
}

/** The largest difference of any figure, against the larger of it and 1. */
function difference(one: Captured, other: Captured): number {
	const apart = (a: ArrayLike<number> | null, b: ArrayLike<number> | null): number => {
		if (a === null || b === null || a.length !== b.length) return Infinity;
		return Array.from(a).reduce(
			(most, value, at) => Math.max(most, Math.abs(value - b[at]) / Math.max(1, Math.abs(b[at]))),
			0
		);
	};
	return Math.max(
		Math.abs(one.loss - other.loss),
		apart(one.profile.entropyNats, other.profile.entropyNats),
		apart(one.profile.firstTokenMass, other.profile.firstTokenMass),
		...one.sums.flatMap((view, index) =>
			(['gram', 'sqrt', 'null', 'windows', 'js'] as const).map((name) =>
				apart(view[name], other.sums[index][name])
			)
		)
	);
}

describe('a window that is summed up some queries at a time', () => {
	const families = readdirSync(FAMILIES, { withFileTypes: true }).flatMap((entry) =>
		entry.isDirectory() ? [entry.name] : []
	);
	it.each(families)('gives what the streamed layers give: %s', async (family) => {
		const folder = join(FAMILIES, family);
		const { learnedPositions, maxPositions } = (await openCheckpoint(folder)).config;
		const context = learnedPositions ? maxPositions : 90;
		// With every chunk in the null it is not sampled, but exact.
		const chunks = { layerBlocks: 3, blocks: 7, nullBlocks: [0, 1, 2, 3, 4, 5, 6] };
		const chunked = await capture(folder, context, chunks);
		expect(difference(chunked, await capture(folder, context))).toBeLessThan(1e-6);
	});

	it('has a null that is near the exact one where it is sampled', async () => {
		const folder = join('models', 'mini-llama2');
		const exact = await capture(folder, 120);
		const chunked = await capture(folder, 120, { layerBlocks: 8, blocks: 12, nullBlocks: [2, 8] });
		const [sampled, whole] = [chunked, exact].map(({ sums }) => nullMatrix(sums[0], 'cosine'));
		const apart = sampled?.map((value, cell) => Math.abs(value - (whole?.[cell] ?? NaN)));
		expect(Math.max(...(apart ?? []))).toBeLessThan(0.15);
		expect(difference(chunked, { ...exact, sums: withNulls(exact, chunked) })).toBeLessThan(1e-6);
	});
});

/** Sums with the null of others. */
function withNulls(of: Captured, others: Captured): Captured['sums'] {
	return of.sums.map((view, at) => ({ ...view, null: others.sums[at].null }));
}

describe('the memory limit', () => {
	it('chooses chunks where not even one window would fit, and takes less than a window', async () => {
		const checkpoint = await openCheckpoint(join('models', 'mini-llama2'));
		const context = 2048;
		const whole = planCapture(checkpoint, context, REQUEST, 1e12);
		expect(whole.chunks).toBeUndefined();
		const limit = 800e6;
		const plan = planCapture(checkpoint, context, REQUEST, limit);
		expect(plan).toMatchObject({ resident: false, limitBytes: limit });
		expect(plan.bytes).toBeLessThanOrEqual(limit);
		expect(plan.chunks?.blocks).toBeGreaterThan(8);
		expect(plan.chunks?.nullBlocks).toHaveLength(4);
	});

	it('is not met by chunks that would still be too large, and names the context that fits', async () => {
		const checkpoint = await openCheckpoint(join('models', 'mini-llama2'));
		expect(() => planCapture(checkpoint, 1e5, REQUEST, 700e6)).toThrow(
			/one window of 100000 tokens takes .*; a context of \d+ would fit/
		);
	});

	it('grows with the context, not with its square, but for the masks', async () => {
		const checkpoint = await openCheckpoint(join('models', 'mini-llama2'));
		const bytes = [4096, 8192].map(
			(context) => planChunked(checkpoint, context, REQUEST, 16e6)?.bytes ?? NaN
		);
		const masks = [4096, 8192].map((context) => 4 * context ** 2 * 0.6);
		expect(bytes[1] - masks[1]).toBeLessThan(2.2 * (bytes[0] - masks[0]));
	});
});
