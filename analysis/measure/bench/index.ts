import type { Measurement, Request } from '../kind.ts';
import { withKnown, withRequested } from '../requested.ts';
import type { BenchRequest, BenchReport } from './benchTypes.ts';
import { BENCH_DEFAULTS } from './defaults.ts';
import { benchFlags, benchSettings, type BenchSettings } from './settings.ts';
import { benchBrief, benchForm, benchSummary } from './stored.ts';

/** Measurement of the gains of a plan as a deployed model. */
export const bench = {
	kind: 'bench',
	name: 'bench',
	noun: 'a bench',
	key: 'bench',
	takes: ['texts', 'plan'],
	samples: BENCH_DEFAULTS.samples,
	settings: benchSettings,
	flags: benchFlags,
	help: {
		about: 'measure what a plan gains as a deployed model',
		more: `
Writes the baseline and the planned model to the workspace as spanwise apply does, and removes both at the end; an
ONNX model is run as it lies there. Or takes MODEL, an ONNX model or a folder that spanwise apply wrote without a
plan, and --against, a folder that it wrote with one. Runs both in alternation, each in a process of its own: time
to the first token, tokens/s after it, peak memory, bytes of cache per token; median, quartiles, and the ratio
planned ÷ baseline round by round, beside what counting predicts.

What the plan costs stands beside what it gains: loss on 8 × 512 tokens of the texts and recall, the loss on a passage
of them that comes again, both without and with the plan, paired by window with 95% intervals, by the engine that
spanwise evaluate measures with. --recall off leaves recall out. Where the cost cannot be measured a note says why.
JSON: cost: {text, recall, texts, context}, each {baseline, planned, delta: {loss, low, high}, windows}.

Example (plan.json: made by the example of spanwise plan):
  spanwise bench mini-llama2 --plan plan.json --prompt 256 --generate 32`
	},
	extent: ({ prompt, repeats }) => ({ context: prompt, windows: repeats }),
	extentWords: ({ context, windows }: { context: number; windows: number }) =>
		`${windows} ${windows === 1 ? 'round' : 'rounds'} per model, ${context} tokens of prompt`,
	/** An ONNX model keeps its types. */
	async fitted(settings, modelFolder) {
		const { formOf } = await import('../../model/form.ts');
		const { form } = await formOf(modelFolder);
		return form === 'onnx' ? { ...settings, dtype: null } : settings;
	},
	async estimate(request) {
		const { estimateBench } = await import('./estimate.ts');
		return withKnown(request, (model) => estimateBench(model, benchRequest(request)));
	},
	async run(request, { id, workers, onProgress, onPrepared }) {
		// Only here: onnxruntime takes long to load.
		const { measureBench } = await import('./measureBench.ts');
		const { estimateOfBench } = await import('./prepareBench.ts');
		const { benchSides } = await import('./sideProcess.ts');
		const { settingWords } = await import('./words.ts');
		const deps = {
			id: id ?? 'bench',
			openSide: benchSides(new URL('benchWorker.js', workers)),
			onProgress
		};
		const figures = await withRequested(request, (model) =>
			measureBench(model, benchRequest(request), deps, async (prepared) => {
				if (onPrepared === undefined) return;
				await onPrepared({
					name: model.name,
					estimate: await estimateOfBench(prepared, request.home),
					extent: `${settingWords(prepared.setting)} of each`
				});
			})
		);
		return { figures };
	},
	figures: benchForm,
	about: ({ model, modelHash, setting, cost }) => ({
		model: { name: model, hash: modelHash },
		texts: cost?.texts ?? [],
		context: setting.prompt,
		windows: setting.repeats
	}),
	summary: benchSummary,
	brief: { key: 'bench', of: benchBrief }
} as const satisfies Measurement<BenchSettings, BenchReport>;

function benchRequest({
	modelFolder,
	memoryLimitBytes,
	home,
	planFolder,
	documents,
	settings
}: Request<BenchSettings>): BenchRequest {
	return {
		...{ modelFolder, memoryLimitBytes, home, documents },
		planFolder: planFolder ?? '.',
		...settings
	};
}
