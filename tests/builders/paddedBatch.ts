import type { DecoderSession } from '../../analysis/engine/deploySession.ts';

/** Side of the padding of shorter prompts: right as in onnxruntime-genai, left as in optimum and transformers.js. */
export type Side = 'right' | 'left';

/**
 * Reads prompts of unlike lengths in one batch and then the same further tokens one by one, and each prompt alone in the
 * same way; by prompt the largest difference of logits after the prompt and after each further token.
 */
export async function paddedDifferences(
	session: DecoderSession,
	prompts: readonly (readonly number[])[],
	further: readonly number[],
	side: Side
): Promise<number[]> {
	const together = await inBatch(session, prompts, further, side);
	const alone = await Promise.all(
		prompts.map(async (prompt) => (await inBatch(session, [prompt], further, side))[0])
	);
	return together.map((rows, at) => largestDifference(rows, alone[at]));
}

/** By prompt, logits [1 + further, vocab] after its last token and after each further one. */
async function inBatch(
	session: DecoderSession,
	prompts: readonly (readonly number[])[],
	further: readonly number[],
	side: Side
): Promise<number[][]> {
	const { vocab } = session;
	const longest = Math.max(...prompts.map(({ length }) => length));
	const padded = (row: readonly number[], by: number): number[] => {
		const padding = new Array<number>(longest - row.length).fill(by);
		return side === 'right' ? [...row, ...padding] : [...padding, ...row];
	};
	const state = session.start(prompts.length);
	const ids = prompts.map((prompt) => padded(prompt, 0));
	const mask = prompts.map((prompt) =>
		padded(
			prompt.map(() => 1),
			0
		)
	);
	const first = await session.read(state, ids, mask);
	const rows = prompts.map((prompt, at) => {
		const last = side === 'right' ? prompt.length - 1 : longest - 1;
		const from = (at * longest + last) * vocab;
		return [...first.subarray(from, from + vocab)];
	});
	for (const id of further) {
		const next = await session.read(
			state,
			prompts.map(() => [id])
		);
		for (const [at, row] of rows.entries())
			row.push(...next.subarray(at * vocab, (at + 1) * vocab));
	}
	return rows;
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
	const differences = a.map((value, at) => Math.abs(value - b[at]));
	return differences.some(Number.isNaN) || a.length !== b.length
		? Infinity
		: Math.max(...differences);
}
