import { expect, it } from 'vitest';
import { madeUpBench } from '../tests/builders/benchReport.ts';
import { benchText } from './benchText.ts';

it('tells both sides, their ratio with its quartiles, and the intervals that tell it from chance', () => {
	const text = benchText(madeUpBench());
	expect(text).toMatch(/^first token, ms +80\.4 \(74\.6–84\.5\) .* 0\.887 \(0\.866–0\.918\) /m);
	expect(text).toMatch(/^cache a token +24\.6 kB +21\.5 kB +0\.875 +−12\.5 % bytes$/m);
	expect(text).toContain(
		'\n95 % intervals of the median ratios: first token 0.866–0.918, decode 1.245–1.318.\n'
	);
});

it('says where rounds are too few for that', () => {
	const few = { median: 0.9, q25: 0.8, q75: 1, low: null, high: null };
	expect(benchText(madeUpBench({ firstTokenSeconds: few, tokensPerSecond: few }))).toContain(
		'\nToo few rounds to tell times from chance: from 6 on, ratios have 95 % intervals.\n'
	);
});
