import { formatWhole } from './number.ts';

/** Describes the sliding windows of layers: "none", "512 tokens", "512 tokens in 5 of 6 layers". */
export function slidingWindowWords(slidingWindows: readonly (number | null)[]): string {
	const windows = slidingWindows.filter((each) => each !== null);
	if (windows.length === 0) return 'none';
	const sizes = [...new Set(windows)].sort((a, b) => a - b).map(formatWhole);
	const where =
		windows.length === slidingWindows.length
			? ''
			: ` in ${windows.length} of ${slidingWindows.length} layers`;
	return `${sizes.join(' or ')} tokens${where}`;
}
