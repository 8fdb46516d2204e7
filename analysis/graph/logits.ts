import type { Scales } from '../model/checkpoint/types.ts';
import type { GraphBuilder } from '../proto/builder.ts';

/**
 * Adds the logits of some ids: normed [tokens, hidden] and rows [ids, hidden] of the output embedding → [tokens, ids],
 * multiplied and bounded as the model does.
 */
export function addLogits(
	builder: GraphBuilder,
	at: string,
	normed: string,
	rows: string,
	{ logit, logitCap: cap }: Scales,
	outputs?: string[]
): string {
	const named = outputs !== undefined && { outputs };
	const product = builder.node(`${at}Gemm`, 'Gemm', [normed, rows], {
		...(cap === null && named),
		attributes: { transB: 1n, alpha: cap === null ? logit : logit / cap }
	});
	if (cap === null) return product;
	const bounded = builder.node(`${at}Tanh`, 'Tanh', [product]);
	return builder.node(`${at}Cap`, 'Mul', [bounded, builder.scalar(cap)], { ...named });
}
