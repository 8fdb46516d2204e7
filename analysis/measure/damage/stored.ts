import * as v from 'valibot';
import { formatSigned } from '../../text/number.ts';
import { list, report } from '../settings.ts';
import type { Damage } from './types.ts';

/** The form of a stored damage map. */
export const damageForm = report({
	report: report({ baseline: report({ loss: v.number() }), drop: list, pairs: list, spans: list }),
	drops: list
});

/** "cheapest: drop layer 7, +0.012; let 8 follow 7, +0.020 nats/token" */
export function damageSummary({ report }: Damage): string {
	const left = report.drop.reduce(
		(best, loss, layer) => (loss < (report.drop[best] ?? Infinity) ? layer : best),
		0
	);
	const words = [`cheapest: drop layer ${left}, ${formatSigned(report.drop[left] ?? NaN)}`];
	const known = report.pairs.flatMap(({ source, follower, loss }) =>
		loss === null ? [] : [{ source, follower, loss }]
	);
	if (known.length > 0) {
		const { source, follower, loss } = known.reduce((a, b) => (b.loss < a.loss ? b : a));
		words.push(`let ${follower} follow ${source}, ${formatSigned(loss)}`);
	}
	return `${words.join('; ')} nats/token`;
}
