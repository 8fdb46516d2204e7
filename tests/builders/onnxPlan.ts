import { makePlan } from '../../analysis/plan/planFile.ts';
import { planSpans } from '../../analysis/plan/spans.ts';
import type { Plan, Sources } from '../../analysis/plan/types.ts';
import { SIZES } from './onnxDecoder.ts';

/** A plan for the small decoder, as if it had been made for other weights. */
export function smallDecoderPlan(sources: Sources): Plan {
	const { layers, heads, kvHeads } = SIZES;
	const model = { name: 'small', architecture: 'LlamaForCausalLM', layers, heads, kvHeads };
	return makePlan({
		model: { ...model, layers: sources.length, hash: 'none' },
		sources,
		spans: planSpans(sources, null),
		definition: null,
		predicted: null
	});
}
