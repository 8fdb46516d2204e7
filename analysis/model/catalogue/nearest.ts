/** Longest name that is compared; the time it takes grows with the square. */
const MAX_LENGTH = 200;
/** Fewer letters than this part of a name may differ. */
const MOST_DIFFERENT = 0.4;
/** Shorter parts are in too many names. */
const LEAST_PART = 3;

/** The known name that is most like a name that is not known; null: none is like it. */
export function nearestName(name: string, known: readonly string[]): string | null {
	const wanted = name.toLowerCase().slice(0, MAX_LENGTH);
	let nearest: string | null = null;
	let least = Math.max(1, MOST_DIFFERENT * wanted.length);
	for (const candidate of known) {
		for (const part of new Set([candidate, candidate.split('/').at(-1) ?? candidate])) {
			const distance = distanceTo(part.toLowerCase().slice(0, MAX_LENGTH), wanted);
			if (distance > least || (distance === least && nearest !== null)) continue;
			least = distance;
			nearest = candidate;
		}
	}
	return nearest;
}

/** Letters to change, add or take out (Levenshtein); a part of a name is as near as one letter. */
function distanceTo(a: string, b: string): number {
	if (a === b) return 0;
	if (b.length >= LEAST_PART && a.includes(b)) return 1;
	let row = Array.from({ length: b.length + 1 }, (_, at) => at);
	for (let i = 1; i <= a.length; i++) {
		const next = [i];
		for (let j = 1; j <= b.length; j++) {
			const changed = row[j - 1] + Number(a[i - 1] !== b[j - 1]);
			next.push(Math.min(changed, row[j] + 1, next[j - 1] + 1));
		}
		row = next;
	}
	return row[b.length];
}
