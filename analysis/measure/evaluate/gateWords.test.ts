import { describe, expect, it } from 'vitest';
import { askedWords } from './gateWords.ts';

const percent = (value: number) => `${Math.round(100 * value)}%`;

describe('a gate in words', () => {
	it('says by how much it was missed', () => {
		const judged = { gate: 'minAgreement', limit: 0.9, excess: 0.1 } as const;
		expect(askedWords(judged, percent)).toBe('at least 90%; missed by 10%');
	});
	it('says by how much it was kept, at the limit itself too', () => {
		const judged = { gate: 'maxAccuracyDrop', limit: 0.05, excess: -0.03 } as const;
		expect(askedWords(judged, percent)).toBe('at most 5%; margin 3%');
		expect(askedWords({ ...judged, excess: 0 }, percent)).toBe('at most 5%; margin 0%');
	});
	it('writes a limit by a format of its own', () => {
		const judged = { gate: 'maxLossIncrease', limit: 0.3, excess: 0.01 } as const;
		expect(askedWords(judged, String, (value) => `+${value}`)).toBe('at most +0.3; missed by 0.01');
	});
});
