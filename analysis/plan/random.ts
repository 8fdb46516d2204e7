import { InputError } from '../errors.ts';
import { seeded } from '../statistics/resample.ts';
import { followersAllowed } from './limits.ts';
import type { Sources, SpanLimits } from './types.ts';

/**
 * `count` plans with exactly so many followers and dropped layers, drawn uniformly, independently and with
 * replacement from all such plans that the limits allow; the same seed draws the same. From the first layer
 * on, each decision is taken with probability in proportion to the number of plans that go on from it.
 * Throws InputError where there is no such plan.
 */
export function randomPlans(
	count: number,
	kinds: { followers: number; dropped: number },
	limits: SpanLimits,
	layers: number,
	seed: number
): Sources[] {
	const { followers, dropped } = kinds;
	const allowed = followersAllowed(limits, layers);
	const isProtected = new Set(limits.protectedLayers);
	/** Lists the choices of layer i, given the numbers of layers still to follow and to drop: null, or its followers. */
	const choices = (i: number, following: number, dropping: number): (number | null)[] => [
		...Array.from({ length: Math.min(allowed[i], following) + 1 }, (_, own) => own),
		...(dropping > 0 && !isProtected.has(i) ? [null] : [])
	];
	/** [i][following][dropping]: plans of the layers from i on. Exact up to 2⁵³, then to 16 digits. */
	const plans: number[][][] = [];
	const after = (i: number, own: number | null, following: number, dropping: number) =>
		own === null
			? plans[i + 1][following][dropping - 1]
			: plans[i + own + 1][following - own][dropping];
	const table = (of: (following: number, dropping: number) => number) =>
		Array.from({ length: followers + 1 }, (_, following) =>
			Array.from({ length: dropped + 1 }, (_, dropping) => of(following, dropping))
		);
	plans[layers] = table((following, dropping) => (following + dropping === 0 ? 1 : 0));
	for (let i = layers - 1; i >= 0; i--)
		plans[i] = table((following, dropping) =>
			choices(i, following, dropping).reduce<number>(
				(sum, own) => sum + after(i, own, following, dropping),
				0
			)
		);
	if (plans[0][followers][dropped] === 0)
		throw new InputError(
			`random plans: none of ${layers} layers has ${followers} followers and ${dropped} dropped (spans of at most ${limits.maxSpan}, protected: ${limits.protectedLayers.join(', ') || 'none'})`
		);

	const random = seeded(seed);
	return Array.from({ length: count }, () => {
		const sources: Sources = [];
		let [following, dropping] = [followers, dropped];
		while (sources.length < layers) {
			const i = sources.length;
			const possible = choices(i, following, dropping)
				.map((own) => ({ own, plans: after(i, own, following, dropping) }))
				.filter((choice) => choice.plans > 0);
			let left = random() * plans[i][following][dropping];
			// Rounding may leave a little after the last.
			const { own } =
				possible.find((choice) => (left -= choice.plans) < 0) ?? possible[possible.length - 1];
			if (own === null) {
				sources.push(null);
				dropping--;
			} else {
				for (let k = 0; k <= own; k++) sources.push(i);
				following -= own;
			}
		}
		return sources;
	});
}
