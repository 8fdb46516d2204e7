import { describe, expect, it } from 'vitest';
import { followersAllowed } from '../../plan/limits.ts';
import { raceDamage } from './raced.ts';
import { caseName } from './variant.ts';

const LAYERS = 4;
const WINDOWS = 5;
/** "plan 0 0 2 3": losses added on each of 5 windows, or probes. */
type Losses = Record<string, number[]>;

/** A meter of made-up losses that notes on how many windows each case was asked for. */
function meterOf(losses: Losses) {
	const asked = new Map<string, number>();
	return {
		asked,
		count: () => WINDOWS,
		addedOnFirst: (_: string, variants: readonly { sources: (number | null)[] }[], count: number) =>
			Promise.resolve(
				variants.map((variant) => {
					const name = caseName(variant);
					asked.set(name, Math.max(count, asked.get(name) ?? 0));
					return losses[name].slice(0, count);
				})
			)
	};
}

const same = (loss: number) => new Array<number>(WINDOWS).fill(loss);
const [FIRST, SECOND, THIRD] = ['plan 0 0 2 3', 'plan 0 1 1 3', 'plan 0 1 2 2'];

/** A race for one follower, or a dropped layer, with spans of two layers, where nothing else is said. */
function race(
	text: Losses,
	recall: Losses,
	{ weights = [0, 1], fraction = 1, maxSpan = 2, layers = LAYERS } = {}
) {
	const slidingWindows = new Array<null>(layers).fill(null);
	const limits = { maxSpan, protectedLayers: [], slidingWindows };
	const [onText, onRecall] = [meterOf(text), meterOf(recall)];
	const drop = new Array<number>(layers).fill(1);
	const perLayer = { share: drop.with(0, 0), drop };
	const spans = followersAllowed(limits, layers).flatMap((most, source) =>
		Array.from({ length: most }, (_, index) => ({ source, last: source + 1 + index }))
	);
	const raced = raceDamage(
		{ layout: { layers }, limits, spans },
		{ meter: onText, recall: onRecall, output: () => 0 },
		{ shortlist: null, task: { fraction, perLayer, limits, layers, weights } }
	);
	return raced.then((found) => ({ ...found, text: onText.asked, recall: onRecall.asked }));
}

const drops = (loss: number, layers = LAYERS): Losses =>
	Object.fromEntries(
		Array.from({ length: layers }, (_, layer) => {
			const sources = Array.from({ length: layers }, (__, at) => (at === layer ? null : at));
			return [caseName({ sources }), same(loss + layer / 100)];
		})
	);
/** Spans "0 2" of a source and its last layer, each with its losses. */
const ofSpans = (layers: number, losses: Losses): Losses =>
	Object.fromEntries(
		Object.entries(losses).map(([span, values]) => [nameOf(layers, span), values])
	);
function nameOf(layers: number, span: string): string {
	const [source, last] = span.split(' ').map(Number);
	const sources = Array.from({ length: layers }, (_, layer) =>
		layer > source && layer <= last ? source : layer
	);
	return caseName({ sources });
}

describe('a race of damages', () => {
	it('asks no recall of a span that is in no plan even if it costs as little as any dropped layer', async () => {
		const text = { ...drops(1), [FIRST]: same(0.1), [SECOND]: same(9), [THIRD]: same(0.1) };
		const recall = { ...drops(-0.1), [FIRST]: same(0.5), [THIRD]: same(0) };
		const found = await race(text, recall);
		expect([...found.recall.keys()]).not.toContain(SECOND);
		expect(found.text.get(SECOND)).toBe(3);
		expect(found.recall.get(THIRD)).toBe(WINDOWS);
		const spanOf = (source: number) => found.entrants.spans.find((span) => span.source === source);
		expect(spanOf(1)).toMatchObject({ measured: null, recall: null });
		expect(spanOf(2)?.measured).toBeCloseTo(0.1, 12);
		expect(spanOf(2)?.recall).toBeCloseTo(0, 12);
	});

	it('asks the recall of a span that little recall would keep in', async () => {
		// With recall at weight 1 the second costs 1.2 − 0.3 at best, less than 0.1 + 0.9.
		const text = { ...drops(1), [FIRST]: same(0.1), [SECOND]: same(1.2), [THIRD]: same(0.1) };
		const recall = { ...drops(-0.3), [FIRST]: same(0.9), [SECOND]: same(0.2), [THIRD]: same(0.9) };
		const found = await race(text, recall);
		expect(found.recall.get(SECOND)).toBeGreaterThanOrEqual(3);
		expect(found.race?.rounds[0]).toMatchObject({ windows: 3, measured: 7 });
	});

	it('measures a longer span where it may be cheaper than what was measured, however cheap others may yet be', async () => {
		// If each cost no more than its beginning, the longer spans would cost 0.3 and 0.1; the best that is known costs 0.2.
		const text = {
			...{ 'plan 0 0 2 3': same(0.3), 'plan 0 1 1 3': same(0.1), 'plan 0 1 2 2': same(0.3) },
			...{ 'plan 0 0 0 3': same(0.3), 'plan 0 1 1 1': same(0.9), ...drops(9) }
		};
		const found = await race(text, drops(0), { weights: [0], fraction: 2, maxSpan: 3 });
		expect(found.text.get('plan 0 1 1 1')).toBeGreaterThanOrEqual(3);
		expect(found.text.get('plan 0 0 0 3')).toBe(WINDOWS);
	});

	it('measures a longer span whose beginning left before its recall was asked, where it may be cheaper by recall', async () => {
		const layers = 5;
		// By text and recall a follower costs 0.4. At best 1–2 costs 0.6, which is more, and 1–3 as much, less than two followers.
		const text = ofSpans(layers, {
			...{ '0 1': same(0.1), '1 2': same(0.6), '2 3': same(0.1), '3 4': same(0.1) },
			...{ '0 2': same(9), '1 3': same(0.6), '2 4': same(9) }
		});
		const recall = ofSpans(layers, {
			...{ '0 1': same(0.3), '2 3': same(0.3), '3 4': same(0.3), '1 3': same(0) }
		});
		const found = await race(
			{ ...text, ...drops(9, layers) },
			{ ...recall, ...drops(0, layers) },
			{ fraction: 2, maxSpan: 3, layers }
		);
		expect([...found.recall.keys()]).not.toContain(nameOf(layers, '1 2'));
		const asked = nameOf(layers, '1 3');
		expect([found.text.get(asked), found.recall.get(asked)]).toEqual([WINDOWS, WINDOWS]);
	});

	it('keeps a longer span that is cheapest on text beside one which no plan that weighs recall may have', async () => {
		const layers = 7;
		// On text 0–1, 2–3 and 4–5 cost 0.95, 2–4 with 5–6 0.91, and with 0–1 1.05; by recall 4–5 gains so much that 5–6 is out.
		const text = ofSpans(layers, {
			...{ '0 1': same(0.5), '1 2': same(9), '2 3': same(0.1), '3 4': same(9) },
			...{ '4 5': same(0.35), '5 6': [0.1, 0.6, 0.38, 0.36, 0.36] },
			...{ '0 2': same(9), '2 4': same(0.55), '4 6': same(9) }
		});
		const recall = ofSpans(layers, { '0 1': same(0), '2 3': same(0), '4 5': same(-1) });
		const found = await race(
			{ ...text, ...drops(9, layers) },
			{ ...recall, ...drops(0, layers) },
			{ fraction: 3, maxSpan: 3, layers }
		);
		expect([...found.recall.keys()]).not.toContain(nameOf(layers, '5 6'));
		expect(found.text.get(nameOf(layers, '2 4'))).toBe(WINDOWS);
		const spanOf = found.entrants.spans.find(({ source, last }) => source === 2 && last === 4);
		expect(spanOf?.measured).toBeCloseTo(0.55, 12);
	});

	it('asks no further recall of a case that leaves by the windows of text of the same round', async () => {
		const unclear = [0.1, 3, 3, 3, 3];
		const text = { ...drops(1), [FIRST]: same(0.1), [SECOND]: unclear, [THIRD]: same(0.1) };
		const recall = { ...drops(0), [FIRST]: same(0), [SECOND]: same(0), [THIRD]: same(0) };
		const found = await race(text, recall);
		expect(found.text.get(SECOND)).toBe(WINDOWS);
		expect(found.recall.get(SECOND)).toBe(3);
		expect(found.race?.rounds.at(-1)).toMatchObject({ windows: WINDOWS, dropped: 1 });
	});
});
