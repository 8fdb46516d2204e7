import type { FrontPlan } from '../plan/front.ts';
import { FRONT_POINTS } from './settings.ts';

/** At most FRONT_POINTS points, the ends included, as evenly by saving as the front allows. */
export function spreadFront(front: readonly FrontPlan[]): FrontPlan[] {
	if (front.length <= FRONT_POINTS) return [...front];
	const [least, most] = [front[0].saved, front[front.length - 1].saved];
	const chosen = new Set<FrontPlan>();
	for (let step = 0; step < FRONT_POINTS; step++) {
		const wanted = least + (step / (FRONT_POINTS - 1)) * (most - least);
		chosen.add(
			front.reduce((best, each) =>
				Math.abs(each.saved - wanted) < Math.abs(best.saved - wanted) ? each : best
			)
		);
	}
	return front.filter((each) => chosen.has(each));
}
