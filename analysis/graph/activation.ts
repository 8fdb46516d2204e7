import type { BlockFacts } from '../model/checkpoint/types.ts';
import { MICROSOFT, type GraphBuilder } from '../proto/builder.ts';

/** Adds the activation of an MLP; names of nodes begin with `at`. */
export function addActivation(
	builder: GraphBuilder,
	at: string,
	{ activation }: Pick<BlockFacts, 'activation'>,
	input: string
): string {
	// QuickGelu with alpha 1 is x·sigmoid(x): SiLU in one pass over the memory.
	if (activation === 'silu') {
		return builder.node(`${at}Silu`, 'QuickGelu', [input], {
			domain: MICROSOFT,
			attributes: { alpha: 1 }
		});
	}
	if (activation === 'relu') return builder.node(`${at}Relu`, 'Relu', [input]);
	return builder.node(`${at}Gelu`, 'Gelu', [input], {
		attributes: { approximate: activation === 'gelu' ? 'none' : 'tanh' }
	});
}
