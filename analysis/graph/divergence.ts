import { GraphBuilder } from './builder.ts';

const TINY = 1e-30;

/**
 * Jensen–Shannon divergence of one layer's rows with those of others, in nats, summed over rows: inputs
 * `layer` [1, width] and `others` [count, width] (any number of probability rows laid end to end), output
 * `divergence` [count]. JS(P, Q) = ½ Σ (P ln P + Q ln Q) − Σ M ln M with M = (P + Q) / 2 (Lin 1991); a row
 * without mass counts as zeros. `count` and `width` are free.
 */
export function divergenceGraph(): Uint8Array {
	const builder = new GraphBuilder('divergence');
	const layer = builder.input('layer', [1, 'width']);
	const others = builder.input('others', ['count', 'width']);
	const half = builder.scalar(0.5);
	const timesLog = (name: string, values: string): string =>
		builder.node(`${name}/Mul`, 'Mul', [
			values,
			builder.node(`${name}/Log`, 'Log', [
				builder.node(`${name}/Safe`, 'Max', [values, builder.scalar(TINY)])
			])
		]);
	const middle = builder.node('middle', 'Mul', [builder.node('sum', 'Add', [layer, others]), half]);
	const apart = builder.node('apart', 'Mul', [
		builder.node('apart/Add', 'Add', [timesLog('layer', layer), timesLog('others', others)]),
		half
	]);
	const difference = builder.node('difference', 'Sub', [apart, timesLog('middle', middle)]);
	builder.node('divergence', 'ReduceSum', [difference, builder.integers(1)], {
		outputs: ['divergence'],
		attributes: { keepdims: 0n }
	});
	builder.output('divergence', ['count']);
	return builder.build();
}
