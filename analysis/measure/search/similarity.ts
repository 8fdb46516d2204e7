import { captureSums } from '../../engine/captureSums.ts';
import type { Reporter } from '../../telemetry/reporter.ts';
import { Stopwatch } from '../../telemetry/stopwatch.ts';
import type { WeightReader } from '../../model/checkpoint/read.ts';
import { headMatch, similarityMatrix } from '../../similarity/measure.ts';
import type { PreparedSearch } from './prepare.ts';

export interface SearchSimilarity {
	/** [L, L], row: source: cosine, view all, over the search part. */
	matrix: Float64Array;
	/** Per head of the follower, the head of the source that is most alike. */
	headMatch: (source: number, follower: number) => number[];
}

/** How alike the layers are on the search part. */
export async function measureSimilarity(
	prepared: PreparedSearch,
	reader: WeightReader,
	reporter: Reporter
): Promise<SearchSimilarity> {
	const searched = { ...prepared, windows: prepared.parts.search };
	const { sums } = await captureSums(searched, reader, null, reporter, new Stopwatch());
	const [all] = sums;
	return {
		matrix: similarityMatrix(all, 'cosine'),
		headMatch: (source, follower) => headMatch(all, source, follower)
	};
}
