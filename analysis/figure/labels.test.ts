import { describe, expect, it } from 'vitest';
import { overlaps, placeLabels, type Box, type LabelledPoint } from './labels.ts';
import { textWidth } from './measure.ts';

const frame = { left: 40, top: 10, width: 200, height: 150, x: [0, 1], y: [0, 1] } as const;
const SIZE = 7;
const kept = [{ left: 120, top: 10, width: 40, height: 9 }];

/** Numbers in [0, 1), the same every time (Park and Miller, 1988). */
function numbers(seed: number): () => number {
	let state = seed;
	return () => (state = (state * 48271) % 0x7fffffff) / 0x7fffffff;
}
const NAMES = ['share', 'drop', 'mixed', 'drop repaired, mixed repaired', 'LLM-Drop', 'trailing'];

/** Points of a search: many of them at the budget, some at one place, some at the edges of the frame. */
function crowd(seed: number): LabelledPoint[] {
	const next = numbers(seed);
	const { left, top, width, height } = frame;
	return Array.from({ length: 2 + Math.floor(next() * 14) }, (_, at) => ({
		id: String(at),
		text: NAMES[Math.floor(next() * NAMES.length)],
		left: left + (next() < 0.6 ? 0.5 : next() < 0.3 ? Math.round(next()) : next()) * width,
		top: top + (next() < 0.2 ? Math.round(next()) : next()) * height,
		marked: at === 1
	}));
}
const SEEDS = Array.from({ length: 200 }, (_, at) => at + 1);
const inside = ({ left, top, width, height }: Box) =>
	left >= frame.left &&
	top >= frame.top &&
	left + width <= frame.left + frame.width + 1e-9 &&
	top + height <= frame.top + frame.height + 1e-9;

describe('labels of points', () => {
	it('never overlap each other or what is kept free, and never leave the frame', () => {
		for (const seed of SEEDS) {
			const placed = placeLabels(frame, crowd(seed), { size: SIZE, kept });
			for (const [at, { box }] of placed.entries()) {
				expect(inside(box), `seed ${seed}`).toBe(true);
				for (const other of [...kept, ...placed.slice(at + 1).map((each) => each.box)])
					expect(overlaps(box, other), `seed ${seed}`).toBe(false);
			}
		}
	});
	it('are all there while the frame has a place for them', () => {
		for (const seed of SEEDS) {
			const points = crowd(seed);
			expect(placeLabels(frame, points, { size: SIZE, kept })).toHaveLength(points.length);
		}
	});
	it('stand beside their points without a line, or have a line that ends at them', () => {
		for (const seed of SEEDS.slice(0, 50)) {
			const points = crowd(seed);
			for (const { id, box, leader } of placeLabels(frame, points, { size: SIZE })) {
				const point = points[Number(id)];
				if (leader === '') {
					const dx = Math.max(box.left - point.left, point.left - box.left - box.width, 0);
					expect(dx).toBeLessThanOrEqual(2 * SIZE);
					continue;
				}
				const [from, to] = leader
					.slice(1)
					.split('L')
					.map((pair) => pair.split(',').map(Number));
				expect(from[0]).toBeCloseTo(point.left, 1);
				expect(from[1]).toBeCloseTo(point.top, 1);
				expect(to[0]).toBeGreaterThanOrEqual(box.left - 0.01);
				expect(to[0]).toBeLessThanOrEqual(box.left + box.width + 0.01);
				expect(to[1]).toBeGreaterThanOrEqual(box.top - 0.01);
				expect(to[1]).toBeLessThanOrEqual(box.top + box.height + 0.01);
			}
		}
	});
	it('stand to the right of a point that is alone, and to the left where the frame ends', () => {
		const at = (left: number) =>
			placeLabels(frame, [{ id: 'a', text: 'drop', left, top: 80 }], { size: SIZE })[0].box;
		expect(at(100).left).toBeCloseTo(100 + SIZE);
		const end = at(238);
		expect(end.left + end.width).toBeCloseTo(238 - SIZE);
		expect(end.top + end.height / 2).toBeCloseTo(80);
	});
	it('keep off points and intervals where there is another place', () => {
		const drawn = [{ left: 104, top: 60, width: 60, height: 40 }];
		const [{ box }] = placeLabels(frame, [{ id: 'a', text: 'drop', left: 100, top: 80 }], {
			...{ size: SIZE, drawn }
		});
		expect(overlaps(box, drawn[0])).toBe(false);
	});
	it('keep off the lines that join points where there is another place', () => {
		const point = { id: 'a', text: 'drop', left: 100, top: 80 };
		const line = { from: [60, 80], to: [220, 80] } as const;
		const [{ box }] = placeLabels(frame, [point], { size: SIZE, joins: [line] });
		expect(box.top >= 80 || box.top + box.height <= 80).toBe(true);
		const [alone] = placeLabels(frame, [point], { size: SIZE });
		expect(alone.box.top + alone.box.height / 2).toBeCloseTo(80);
	});
	it('place the marked one first, where it stands nearest', () => {
		const same = { text: 'drop', left: 100, top: 80 };
		const placed = placeLabels(
			frame,
			[
				{ ...same, id: 'a' },
				{ ...same, id: 'b', marked: true }
			],
			{ size: SIZE }
		);
		expect(placed[0]).toMatchObject({ id: 'b', leader: '' });
	});
	it('cut a text that is longer than the frame', () => {
		const long = 'a plan of a very long name '.repeat(8);
		const [{ text, box }] = placeLabels(frame, [{ id: 'a', text: long, left: 50, top: 50 }], {
			size: SIZE
		});
		expect(text.endsWith('…')).toBe(true);
		expect(box.width).toBeCloseTo(textWidth(text, SIZE));
		expect(inside(box)).toBe(true);
	});
});
