import { expect, it } from 'vitest';
import { spreadFront } from './front.ts';

const front = (savings: number[]) => savings.map((saved, cost) => ({ sources: [], saved, cost }));
const savedOf = (savings: number[]) => spreadFront(front(savings)).map(({ saved }) => saved);

it('keeps a front of at most 8 points', () => {
	const savings = Array.from({ length: 8 }, (_, at) => at / 8);
	expect(savedOf(savings)).toEqual(savings);
});

it('takes at most 8 points of a longer one, evenly by saving, the ends included', () => {
	const savings = Array.from({ length: 71 }, (_, at) => at / 70);
	expect(savedOf(savings)).toEqual(Array.from({ length: 8 }, (_, at) => (at * 10) / 70));
});

it('takes the cheaper of points whose savings differ by rounding alone', () => {
	expect(spreadFront(front([0, 0.25, 0.25 + 1e-12, 0.5])).map(({ cost }) => cost)).toEqual([
		0, 1, 3
	]);
});
