import type { Reporter } from '../../telemetry/reporter.ts';
import { Stopwatch } from '../../telemetry/stopwatch.ts';
import { headMatch, similarityMatrix } from '../../similarity/measure.ts';
import type { PreparedSearch } from './prepare.ts';

export interface SearchSimilarity {
	/** [L, L], row: source: cosine, view all, over the search part. */
	matrix: Float64Array;
	/** Per head of the follower, the head of the source that is most alike. */
	headMatch: (source: number, follower: number) => number[];
}

/** Measures the similarity of the layers' attention on the search part; `home` is the workspace. */
export async function measureSimilarity(
	{ similarity, parts }: Pick<PreparedSearch, 'similarity' | 'parts'>,
	home: string,
	reporter: Reporter
): Promise<SearchSimilarity> {
	const { sums } = await similarity.capture(parts.search, home, reporter, new Stopwatch());
	const [all] = sums;
	return {
		matrix: similarityMatrix(all, 'cosine'),
		headMatch: (source, follower) => headMatch(all, source, follower)
	};
}
