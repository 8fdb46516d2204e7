import { dirname } from 'node:path';
import { beginOnnxHash } from '../../engine/modelHash.ts';
import { plannedAttention } from '../../engine/plannedOnnx.ts';
import { forwardWork, logitsWork } from '../../engine/work.ts';
import { causalLayout } from '../../engine/layout.ts';
import { TOKENIZER } from '../../model/checkpoint/tokenizer.ts';
import type { RunHash } from '../../model/checkpoint/runHash.ts';
import { checkCutsFit, cutBytes } from '../../rewrite/cutBytes.ts';
import { findBeside } from '../../model/onnx/locate.ts';
import { openOnnx } from '../../model/onnx/open.ts';
import { fixedContextOf } from '../../graph/tapped/putOut.ts';
import { shareAttention } from '../../rewrite/share.ts';
import type { Plan } from '../../plan/types.ts';
import { planOnnxEvaluation } from './onnxMemory.ts';
import type { EvaluationSource } from './source.ts';

/** An ONNX model, run whole: as it is, and as a copy of its graph in memory into which the plan is written. */
export async function openOnnxEvaluation(file: string, plan: Plan): Promise<EvaluationSource> {
	// Estimates need no weights, and come from the server's own process.
	const model = await openOnnx(file, { weights: false });
	const { facts, name, onnx, inputs } = model;
	const planned = plannedAttention(model, plan);
	const { cuts } = shareAttention(model, planned);
	checkCutsFit(cuts, onnx.file);
	let run: RunHash | null = null;
	const tokenizer = await findBeside(onnx.file, TOKENIZER);
	return {
		name,
		folder: onnx.file,
		facts,
		tokenizer: tokenizer ?? dirname(onnx.file),
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
				start: async (home) => {
					run = await beginOnnxHash(onnx, home);
					// Only here: onnxruntime has no place in a process that only estimates.
					const { OnnxRunner } = await import('./onnxRunner.ts');
					return OnnxRunner.open(await openOnnx(file), planned, memory);
				}
			};
		},
		hash: async (home) => {
			run ??= await beginOnnxHash(onnx, home);
			return run.confirmed();
		},
		close: () => Promise.resolve()
	};
}
