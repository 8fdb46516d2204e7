import { plannedAttention } from '../../engine/plannedOnnx.ts';
import { forwardWork, logitsWork } from '../../engine/work.ts';
import { causalLayout } from '../../engine/layout.ts';
import { checkCutsFit, cutBytes } from '../../rewrite/cutBytes.ts';
import type { OnnxFileModel } from '../../model/open.ts';
import { fixedContextOf } from '../../graph/tapped/putOut.ts';
import { shareAttention } from '../../rewrite/share.ts';
import type { Plan } from '../../plan/types.ts';
import { planOnnxEvaluation } from './onnxMemory.ts';
import type { EvaluationSource } from './source.ts';

/** An ONNX model, run whole: as it is, and as a copy of its graph in memory into which the plan is written. */
export function onnxEvaluation(file: OnnxFileModel, plan: Plan): EvaluationSource {
	const model = file.checked();
	const { facts, onnx, inputs } = model;
	const planned = plannedAttention(model, plan);
	const { cuts } = shareAttention(model, planned);
	checkCutsFit(cuts, onnx.file);
	return {
		notes: [],
		timed: 'model',
		fixedContext: fixedContextOf(inputs),
		outlook: ({ context, longest, windowCount, limitBytes }) => {
			const { layer, head } = forwardWork(facts, causalLayout(facts, context));
			const wanted = { context: longest, windowCount, limitBytes };
			const memory = planOnnxEvaluation(model, cutBytes(cuts), wanted);
			return {
				memory,
				work: { way: facts.layers * layer + head, comparison: logitsWork(facts, context) },
				start: async () => {
					// Only here: onnxruntime has no place in a process that only estimates.
					const { OnnxRunner } = await import('./onnxRunner.ts');
					return OnnxRunner.open(await file.wholeChecked(), planned, memory);
				}
			};
		}
	};
}
