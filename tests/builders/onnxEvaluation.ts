import type { EvaluateRequest } from '../../analysis/measure/evaluate/types.ts';
import { makePlan } from '../../analysis/plan/planFile.ts';
import { planSpans } from '../../analysis/plan/spans.ts';
import type { Plan, Sources } from '../../analysis/plan/types.ts';

const DOCUMENTS = ['sea', 'hand'].map((word) => ({
	name: `${word}.txt`,
	text: `the ${word} and the rain on the sand and again the ${word}. `.repeat(8)
}));

/** A plan of as many layers as there are sources, with 4 heads, as if it had been made for other weights. */
export function onnxPlan(sources: Sources, map?: number[]): Plan {
	return makePlan({
		model: {
			name: 'model',
			architecture: 'ONNX',
			layers: sources.length,
			heads: 4,
			kvHeads: 2,
			hash: 'other'
		},
		sources,
		spans: planSpans(sources, null, map && (() => map)),
		definition: null,
		predicted: null
	});
}

/** Four windows of 24 tokens of two texts of small letters. */
export function evaluationOf(
	modelFolder: string,
	plan: Plan,
	request: Partial<EvaluateRequest> & { home: string }
): EvaluateRequest {
	return {
		modelFolder,
		plan,
		repairs: null,
		documents: DOCUMENTS,
		context: 24,
		windows: 4,
		questions: null,
		gates: {},
		recall: false,
		memoryLimitBytes: 2e9,
		...request
	};
}
