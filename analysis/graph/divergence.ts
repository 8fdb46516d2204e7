import { GraphBuilder } from '../proto/builder.ts';
import { timesLog } from './entropy.ts';

/** P ln P of every entry, which all pairs of a layer share: rows [layers, width] → terms [layers, width]. */
export function entropyTermsGraph(): Uint8Array {
	const builder = new GraphBuilder('entropy_terms');
	const rows = builder.input('rows', ['layers', 'width']);
	builder.node('Identity', 'Identity', [timesLog(builder, 'rows', rows)], { outputs: ['terms'] });
	builder.output('terms', ['layers', 'width']);
	return builder.build();
}

/**
 * Jensen–Shannon divergence of one layer's rows with those of others, in nats, summed over rows: inputs
 * `layer` [1, width] and `others` [count, width] (any number of probability rows laid end to end), with their
 * entropy terms `layer_terms` and `others_terms`; output `divergence` [count]. JS(P, Q) = ½ Σ (P ln P + Q ln Q)
 * − Σ M ln M with M = (P + Q) / 2 (Lin 1991); a row without mass counts as zeros.
 */
export function divergenceGraph(): Uint8Array {
	const builder = new GraphBuilder('divergence');
	const [one, many] = [
		[1, 'width'],
		['count', 'width']
	];
	const half = builder.scalar(0.5);
	/** Mean of the layer's value and each other's, entry by entry. */
	const mean = (name: string, layer: string, others: string): string =>
		builder.node(`${name}/Half`, 'Mul', [
			builder.node(`${name}/Add`, 'Add', [layer, others]),
			half
		]);
	const middle = mean('middle', builder.input('layer', one), builder.input('others', many));
	const terms = mean(
		'terms',
		builder.input('layer_terms', one),
		builder.input('others_terms', many)
	);
	const difference = builder.node('difference', 'Sub', [
		terms,
		timesLog(builder, 'middle', middle)
	]);
	builder.node('divergence', 'ReduceSum', [difference, builder.integers(1)], {
		outputs: ['divergence'],
		attributes: { keepdims: 0n }
	});
	builder.output('divergence', ['count']);
	return builder.build();
}
