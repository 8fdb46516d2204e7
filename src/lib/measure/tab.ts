import type { SamplesAnswer } from '../client/api.ts';
import type { RunState } from '../state/run.svelte.ts';
import type { Measurements } from './measurements.svelte.ts';

/** Properties that the run page hands to each of its tabs. */
export interface TabProps {
	page: RunState;
	measurements: Measurements;
	/** Sample texts that can be measured on. */
	samples: SamplesAnswer;
	/** Opens the definition card. */
	ondefinition: () => void;
}
