import { cheapestLayers } from '../../answers.ts';
import { damageCard, damageMethods } from '../../damageCard.ts';
import type { ReportedKind, StoredOf } from './reportedKind.ts';

/** Maps and layer profile show the newest, with those of similarity. */
export const damage: ReportedKind<StoredOf<'damage'>> = {
	kind: 'damage',
	question: {
		words: 'Which layers could share or go?',
		options: ['--text', 'FILE'],
		answer: cheapestLayers
	},
	most: 1,
	methods: ([newest]) => damageMethods(newest),
	cites: () => ['llmDrop'],
	cards: ([newest]) => ({ Damage: damageCard(newest, 'damage') }),
	terms: ['output', 'damage', 'recall']
};
