import type { GraphBuilder } from '../proto/builder.ts';

/** Below any probability that matters; keeps logarithms and quotients finite where a row is empty. */
export const TINY = 1e-30;

/** x ln x of every entry, 0 where x is 0: the shape of `values`. */
export function timesLog(builder: GraphBuilder, name: string, values: string): string {
	const safe = builder.node(`${name}/Safe`, 'Max', [values, builder.scalar(TINY)]);
	const logarithm = builder.node(`${name}/Log`, 'Log', [safe]);
	return builder.node(`${name}/Mul`, 'Mul', [values, logarithm]);
}
