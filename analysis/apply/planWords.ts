import type { AttendingLayers } from '../model/checkpoint/types.ts';
import type { PlannedLayer } from './planCheck.ts';

/** "follows 3", "own attention", "left out"; where it cannot, why: "cannot follow 3: …". */
export function plannedWords({ layer, source, problem }: PlannedLayer): string {
	if (source === null) return 'left out';
	if (source === layer) return 'own attention';
	return problem === null ? `follows ${source}` : `cannot follow ${source}: ${problem}`;
}

/** "12 of 16 layers attend themselves". */
export function attendingWords({ layers, attending }: AttendingLayers): string {
	return `${attending} of ${layers} layers ${attending === 1 ? 'attends itself' : 'attend themselves'}`;
}
