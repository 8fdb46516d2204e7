import { describe, expect, it } from 'vitest';
import { goalText, randomText, sentences } from './words.ts';

describe('a search in words', () => {
	it('says what was asked for', () => {
		expect(goalText({ kind: 'followers', followers: 1 })).toBe('1 follower');
		expect(goalText({ kind: 'save', axis: 'kCache', share: 0.125 })).toBe(
			'at least 12.5% of the K cache'
		);
		expect(goalText({ kind: 'loss', maxLossIncrease: 0.05 })).toBe(
			'the most of the KV cache for +0.050 nats/token'
		);
	});
	it('parts the first sentence from the rest, and leaves numbers whole', () => {
		expect(
			sentences('Share (a): it adds 0.022 [0.006, 0.038] nats. At equal savings 0.1. It costs.')
		).toEqual({
			first: 'Share (a): it adds 0.022 [0.006, 0.038] nats.',
			rest: 'At equal savings 0.1. It costs.'
		});
		expect(sentences('Neither.')).toEqual({ first: 'Neither.', rest: '' });
	});
	it('says how a plan does among random ones, and nothing where there are none', () => {
		expect(randomText({ plans: [], beaten: null })).toBeNull();
		const plans = Array.from({ length: 100 }, () => ({ sources: [0], report: 1 }));
		expect(randomText({ plans, beaten: 0.93 })).toMatch(/^costs less than 93% of 100 random/);
	});
});
