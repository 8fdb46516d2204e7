import { formatBytes } from '$analysis/text/number.ts';

/** plan.json has some 100 kB; the server takes 1 MB. */
const MAX_PLAN_BYTES = 4_000_000; // 4 MB

/** The text of a plan file that a person chose. Throws an Error that names it where it is too large to be one. */
export async function planText(file: File): Promise<string> {
	if (file.size > MAX_PLAN_BYTES)
		throw new Error(
			`${file.name}: ${formatBytes(file.size)}; a plan has at most ${MAX_PLAN_BYTES / 1e6} MB`
		);
	return file.text();
}
