import type { ParamMatcher } from '@sveltejs/kit';
import type { Labelled } from '$analysis/workspace/labels/label.ts';

/** Matches the kinds of objects that can be labelled. */
export const match = ((param: string): param is Labelled =>
	param === 'runs' || param === 'results') satisfies ParamMatcher;
