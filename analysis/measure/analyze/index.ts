import { runFolder } from '../../workspace/run/list.ts';
import type { Model } from '../../model/open.ts';
import { newRunId } from '../../workspace/workspace.ts';
import type { Analysis, Request } from '../kind.ts';
import { withKnown, withRequested } from '../requested.ts';
import { windowWords } from '../settings.ts';
import { opening } from '../torchFlags.ts';
import { analyzeFlags, analyzeSettings, type AnalyzeSettings } from './settings.ts';
import type { PreparedAnalysis } from './prepare.ts';
import type { AnalyzeRequest } from './types.ts';

/** Analysis of how alike a model's layers attend: the run that all else is asked of. */
export const analyze = {
	kind: 'analyze',
	name: 'analysis',
	takes: ['texts', 'tokenizer'],
	samples: [],
	settings: analyzeSettings,
	flags: analyzeFlags,
	help: {
		about: 'run a model on texts and store the similarity of its layers',
		more: `
MODEL is a folder, a name that spanwise models lists, org/name from the Hugging Face cache, or an .onnx file with
tokenizer.json and config.json beside it or one folder up. The run's id is printed, or the folder given with --out; progress goes to stderr. JSON: {run, model, tokens, windows, seconds,
peakRssBytes}.

Examples:
  spanwise analyze mini-llama2 --text static/samples/walden.txt --out llama2-run
  cat static/samples/*.txt | spanwise analyze models/mini-llama3 --text - --context 256 --json
  spanwise analyze gpt2/onnx/model.onnx --text static/samples/walden.txt
  spanwise analyze mini-llama2 --text static/samples/walden.txt --engine torch --device cuda --dtype bfloat16`
	},
	extent: ({ context, windows }) => ({ context, windows }),
	extentWords: windowWords,
	async estimate(request) {
		const { estimateAnalysis } = await import('./estimate.ts');
		return withKnown(
			request,
			(model) => estimateAnalysis(model, analyzeRequest(request)),
			opening(request.settings)
		);
	},
	async run(request, { id, command, out, onProgress, onPrepared }) {
		// Only here: onnxruntime takes long to load.
		const { analyze } = await import('./analyze.ts');
		const { estimateOfAnalysis } = await import('./estimate.ts');
		const analyzed = (model: Model) => {
			const own = id ?? newRunId(model.name, new Date());
			const folder = out ?? runFolder(request.home, own);
			const options = {
				runFolder: folder,
				id: own,
				command,
				onProgress,
				async onPrepared(prepared: PreparedAnalysis) {
					if (onPrepared === undefined) return;
					const estimate = await estimateOfAnalysis(prepared, request.home);
					await onPrepared({ name: model.name, estimate, writes: folder });
				}
			};
			return analyze(model, analyzeRequest(request), options, request.parts);
		};
		return withRequested(request, analyzed, opening(request.settings));
	},
	async measureShard(request, { onProgress, onPrepared }, shard) {
		const { captureShard } = await import('./analyze.ts');
		const { estimateOfAnalysis } = await import('./estimate.ts');
		const captured = (model: Model) =>
			captureShard(
				model,
				{ ...analyzeRequest(request), shard },
				{
					onProgress,
					async onPrepared(prepared) {
						if (onPrepared === undefined) return;
						const estimate = await estimateOfAnalysis(prepared, request.home);
						await onPrepared({ name: model.name, estimate });
					}
				}
			);
		return withRequested(request, captured, opening(request.settings));
	}
} as const satisfies Analysis<AnalyzeSettings>;

function analyzeRequest({
	modelFolder,
	documents,
	memoryLimitBytes,
	home,
	tokenizer,
	settings
}: Request<AnalyzeSettings>): AnalyzeRequest {
	return {
		...{ modelFolder, documents, memoryLimitBytes, home },
		...(tokenizer !== null && { tokenizer }),
		...settings
	};
}
