import type { Sources } from './types.ts';

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

/** A plan in short: "4←3, 8–10←7; out: 12", followers before their source; "as it is" where nothing changes. */
export function planWords(sources: Sources): string {
	const followers = new Map<number, number[]>();
	sources.forEach((source, layer) => {
		if (source === null || source === layer) return;
		followers.set(source, [...(followers.get(source) ?? []), layer]);
	});
	const out = leftOut(sources);
	const parts = [
		[...followers].map(([source, layers]) => `${layerList(layers)}←${source}`).join(', '),
		out.length === 0 ? '' : `out: ${layerList(out)}`
	].filter((part) => part !== '');
	return parts.length === 0 ? 'as it is' : parts.join('; ');
}

/** What a plan does to how many layers: "4 of 16 layers follow, 2 are left out". */
export function planCounts(sources: Sources): string {
	const followers = sources.filter((source, layer) => source !== null && source !== layer).length;
	const out = leftOut(sources).length;
	const outWords = `${out} ${out === 1 ? 'is' : 'are'} left out`;
	if (out > 0 && followers === 0) return `${outWords} of ${sources.length} layers`;
	const verb = followers === 1 ? 'follows' : 'follow';
	return `${followers} of ${sources.length} layers ${verb}${out === 0 ? '' : `, ${outWords}`}`;
}

/** Does the plan leave every layer as it is? */
export function isPlain(sources: Sources): boolean {
	return sources.every((source, layer) => source === layer);
}

function leftOut(sources: Sources): number[] {
	return sources.flatMap((source, layer) => (source === null ? [layer] : []));
}

/** An interval in square brackets; empty where there is none. */
export function intervalText(
	{ low, high }: { low: number | null; high: number | null },
	format: (value: number) => string
): string {
	return low === null || high === null ? '' : `[${format(low)}, ${format(high)}]`;
}

/** A difference with its sign: "+0.219", "−0.020", "0.000". */
export function signedText(value: number, format: (value: number) => string): string {
	const text = format(value);
	return value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}
