import type { PlannedLayer } from '$analysis/deploy/planCheck.ts';

/** "follows 3", "own attention", "left out"; where it cannot, why: "cannot follow 3: …". */
export function plannedWords({ layer, source, problem }: PlannedLayer): string {
	if (source === null) return 'left out';
	if (source === layer) return 'own attention';
	return problem === null ? `follows ${source}` : `cannot follow ${source}: ${problem}`;
}
