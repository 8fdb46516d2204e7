import type { RaceReport } from './types.ts';

/**
 * "Of 165 drops and spans, 60 after 3 windows, 20 after 5 windows left the race; 40 spans were not measured because their
 * beginnings cost too much; 45 were measured on all 8 windows (--exhaustive measures all)."
 */
export function raceWords({ cases, unmeasured, rounds }: RaceReport): string {
	const left = rounds
		.filter(({ dropped }) => dropped > 0)
		.map(({ windows, dropped }) => `${dropped} after ${windows} windows`);
	const parts = [
		left.length === 0 ? 'none left the race' : `${left.join(', ')} left the race`,
		...(unmeasured === 0
			? []
			: [`${unmeasured} spans were not measured because their beginnings cost too much`])
	];
	const last = rounds[rounds.length - 1];
	return `Of ${cases} drops and spans, ${parts.join('; ')}; ${last.measured} were measured on all ${last.windows} windows (--exhaustive measures all).`;
}
