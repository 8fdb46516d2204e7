import type { Span } from '$analysis/plan/types.ts';
import type { View } from '$analysis/similarity/types.ts';
import type { HeadBlockAnswer } from '../client/api.ts';
import { bestHeads } from './edit.ts';
import { requestJson } from '../client/request.ts';

/** For `cosine-matched` plans: the source's head for each of a follower's heads, asked of the server. */
export async function headMaps(
	run: string,
	view: View,
	spans: readonly Span[]
): Promise<(source: number, follower: number) => number[]> {
	const pairs = spans.flatMap(({ source, followers }) =>
		followers.map((follower) => ({ source, follower }))
	);
	const maps = await Promise.all(
		pairs.map(async ({ source, follower }) => {
			const path = `/api/runs/${run}/heads?metric=cosine&view=${view}&from=${source}&to=${follower}`;
			const block = await requestJson<HeadBlockAnswer>(path);
			return [`${source} ${follower}`, bestHeads(block.matrix)] as const;
		})
	);
	const byPair = new Map(maps);
	return (source, follower) => byPair.get(`${source} ${follower}`) ?? [];
}
