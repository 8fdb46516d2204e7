import type { Verdict } from '$analysis/measure/evaluate/types.ts';

/** Classes of a verdict's tag. */
export const VERDICT_LOOKS: Readonly<Record<Verdict, string>> = {
	pass: 'tag good',
	fail: 'tag bad',
	inconclusive: 'tag candidate'
};

/** Meaning of each verdict, in a sentence or two. */
export const VERDICT_MEANING: Readonly<Record<Verdict, string>> = {
	pass: 'Every gate is passed: each interval lies on the right side of its limit.',
	fail: 'A gate is failed: its whole interval lies on the wrong side of the limit.',
	inconclusive: 'Inconclusive: the interval straddles the limit. Use more windows.'
};
