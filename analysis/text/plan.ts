/** For each layer the layer whose attention it uses; null: its attention is dropped. */
type Sources = readonly (number | null)[];

/** Layers next to one another as a range: [8, 9, 10, 12] → "8–10, 12". */
export function layerList(layers: readonly number[]): string {
	const ranges: [number, number][] = [];
	for (const layer of layers) {
		const last = ranges.at(-1);
		if (last?.[1] === layer - 1) last[1] = layer;
		else ranges.push([layer, layer]);
	}
	return ranges.map(([first, end]) => (first === end ? `${first}` : `${first}–${end}`)).join(', ');
}

/** The layers of a span, source first: "4–7". */
export function spanWords({
	source,
	followers
}: {
	source: number;
	followers: readonly number[];
}): string {
	return `${source}–${followers.at(-1) ?? source}`;
}

/** A plan in short: "4←3, 8–10←7; dropped: 12", followers before their source; "unchanged". */
export function planWords(sources: Sources): string {
	const shared = [...followersOf(sources)].map(
		([source, followers]) => `${layerList(followers)}←${source}`
	);
	const dropped = droppedOf(sources);
	const parts = [shared.join(', '), dropped.length === 0 ? '' : `dropped: ${layerList(dropped)}`];
	return parts.filter((part) => part !== '').join('; ') || 'unchanged';
}

/** "4 followers, 3 dropped"; "no followers". */
export function countWords({ followers, dropped }: { followers: number; dropped: number }): string {
	const parts = [
		...(followers === 0 ? [] : [`${followers} follower${followers === 1 ? '' : 's'}`]),
		...(dropped === 0 ? [] : [`${dropped} dropped`])
	];
	return parts.join(', ') || 'no followers';
}

/** Counts the followers and the dropped layers of a plan, in words: "4 followers, 3 dropped". */
export function planCounts(sources: Sources): string {
	return countWords({
		followers: sources.filter((source, layer) => source !== null && source !== layer).length,
		dropped: droppedOf(sources).length
	});
}

/** A plan as advice: "Share the attention of layer 2 with 3 and 4 and drop the attention of layer 9". */
export function adviceWords(sources: Sources): string {
	const spans = [...followersOf(sources)].map(
		([source, followers]) => `${source} with ${followers.join(' and ')}`
	);
	const dropped = droppedOf(sources);
	const parts = [
		...(spans.length === 0 ? [] : [`share the attention of layer ${spans.join(', of ')}`]),
		...(dropped.length === 0
			? []
			: [`drop the attention of layer${dropped.length === 1 ? '' : 's'} ${dropped.join(', ')}`])
	];
	const words = parts.join(' and ') || 'change nothing';
	return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Describes one layer of a plan: "follows 3", "own attention", "dropped"; or "cannot follow 3: " and the reason. */
export function plannedLayerWords({
	layer,
	source,
	problem
}: {
	layer: number;
	source: number | null;
	problem: string | null;
}): string {
	if (source === null) return 'dropped';
	if (source === layer) return 'own attention';
	return problem === null ? `follows ${source}` : `cannot follow ${source}: ${problem}`;
}

/** "12 of 16 layers compute their own attention". */
export function attendingWords({
	layers,
	attending
}: {
	layers: number;
	attending: number;
}): string {
	return `${attending} of ${layers} layers ${attending === 1 ? 'computes its' : 'compute their'} own attention`;
}

/** Does every layer compute its own attention? */
export function isPlain(sources: Sources): boolean {
	return sources.every((source, layer) => source === layer);
}

function followersOf(sources: Sources): Map<number, number[]> {
	const followers = new Map<number, number[]>();
	for (const [layer, source] of sources.entries())
		if (source !== null && source !== layer)
			followers.set(source, [...(followers.get(source) ?? []), layer]);
	return followers;
}

function droppedOf(sources: Sources): number[] {
	return sources.flatMap((source, layer) => (source === null ? [layer] : []));
}
