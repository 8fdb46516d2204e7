import type { FrontPlan } from '../../plan/front.ts';
import { FRONT_POINTS } from './constants.ts';

/** Savings that differ by less are equal: they are sums of rounded numbers. */
const SLACK = 1e-9;

/**
 * At most FRONT_POINTS points of a front, the ends included, as evenly by saving as it allows; of points that save
 * alike, the cheaper.
 */
export function spreadFront(front: readonly FrontPlan[]): FrontPlan[] {
	const points = front.filter((point, at) => at === 0 || point.saved - front[at - 1].saved > SLACK);
	if (points.length <= FRONT_POINTS) return points;
	const [least, most] = [points[0].saved, points[points.length - 1].saved];
	const chosen = new Set<FrontPlan>();
	for (let step = 0; step < FRONT_POINTS; step++) {
		const wanted = least + (step / (FRONT_POINTS - 1)) * (most - least);
		const off = ({ saved }: FrontPlan) => Math.abs(saved - wanted);
		chosen.add(points.reduce((best, each) => (off(each) < off(best) ? each : best)));
	}
	return points.filter((point) => chosen.has(point));
}
