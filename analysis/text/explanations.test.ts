import { describe, expect, it } from 'vitest';
import { METRICS, VIEWS } from '../similarity/types.ts';
import { SHOWN } from '../similarity/shown.ts';
import { EXPLANATIONS, explanationsMarkdown, type Explanation } from './explanations.ts';

describe('the explanations', () => {
	it('have every metric, view and number of the map', () => {
		for (const term of [...METRICS, ...VIEWS, ...SHOWN]) expect(EXPLANATIONS).toHaveProperty(term);
	});
	it('are each one paragraph that ends as a sentence does', () => {
		for (const { sentence } of Object.values<Explanation>(EXPLANATIONS)) {
			expect(sentence).toMatch(/^[A-Z][^\n]+\.$/);
		}
	});
	it('stand in docs/terms.md (npm run terms)', async () => {
		await expect(explanationsMarkdown()).toMatchFileSnapshot('../../docs/terms.md');
	});
});
