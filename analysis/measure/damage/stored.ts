import * as v from 'valibot';
import { signed } from '../words.ts';
import { list, report } from '../settings.ts';
import type { Damage } from './types.ts';

/** The form of a stored damage map. */
export const damageForm = report({
	report: report({ baseline: report({ loss: v.number() }), drop: list, pairs: list, spans: list }),
	drops: list
});

/** "cheapest: leave out layer 7, +0.012; let 8 follow 7, +0.020 nats a token" */
export function damageSummary({ report }: Damage): string {
	const left = report.drop.reduce(
		(best, loss, layer) => (loss < (report.drop[best] ?? Infinity) ? layer : best),
		0
	);
	const words = [`cheapest: leave out layer ${left}, ${signed(report.drop[left] ?? NaN)}`];
	const known = report.pairs.flatMap(({ source, follower, loss }) =>
		loss === null ? [] : [{ source, follower, loss }]
	);
	if (known.length > 0) {
		const { source, follower, loss } = known.reduce((a, b) => (b.loss < a.loss ? b : a));
		words.push(`let ${follower} follow ${source}, ${signed(loss)}`);
	}
	return `${words.join('; ')} nats a token`;
}
