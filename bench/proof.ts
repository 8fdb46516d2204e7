import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makePlan } from '../analysis/plan/planFile.ts';
import { planSpans, sourcesOf } from '../analysis/plan/spans.ts';
import type { Document } from '../analysis/model/tokens/types.ts';
import { BenchModel } from './engine.ts';
import type { Report } from './report.ts';
import { alternate, plainJob } from './timing.ts';
import { evaluatePlan, measureDamage } from '../tests/builders/opened.ts';

const REPEATS = 3;
const EVALUATED = { context: 512, windows: 16 };
const DAMAGED = { context: 256, windows: 4, maxSpan: 6 };
/** Four of sixteen layers follow. */
const SPANS = [4, 7, 10, 12].map((source) => ({ source, followers: [source + 1] }));
const LAYERS = 16;

/** (g) the evaluation of a plan against the same windows run twice with their loss. */
export async function benchEvaluation(
	report: Report,
	root: string,
	folder: string,
	home: string
): Promise<void> {
	const { context, windows } = EVALUATED;
	const sources = sourcesOf(SPANS, LAYERS);
	const request = {
		modelFolder: folder,
		plan: makePlan({
			model: {
				name: 'mini-llama2',
				architecture: 'LlamaForCausalLM',
				layers: LAYERS,
				heads: 6,
				kvHeads: 6,
				hash: ''
			},
			sources,
			spans: planSpans(sources, null),
			definition: null,
			predicted: null
		}),
		documents: [await sample(root, 'hound-of-the-baskervilles.txt')],
		context,
		windows,
		questions: null,
		// The forward passes that it is compared with read no probes.
		recall: false,
		repairs: null,
		gates: {},
		memoryLimitBytes: null,
		home
	};
	const times = await alternate(
		{
			twice: plainJob(async () => {
				const model = await BenchModel.open(folder, context, windows);
				await model.plain();
				await model.plain();
				await model.close();
			}),
			evaluation: plainJob(async () => {
				await evaluatePlan(request, { onProgress: () => undefined });
			})
		},
		REPEATS
	);
	const { twice, evaluation } = times;
	report.add({
		id: 'g',
		what: `mini-llama2, ${windows} windows of ${context} tokens: evaluation of a plan ÷ twice the plain forward pass with its loss`,
		value: evaluation.medianMs / twice.medianMs,
		unit: '',
		aim: { atMost: 1.15 },
		detail: `${evaluation.medianMs.toFixed(0)} ms (${evaluation.lowMs.toFixed(0)}–${evaluation.highMs.toFixed(0)}) against ${twice.medianMs.toFixed(0)} ms (${twice.lowMs.toFixed(0)}–${twice.highMs.toFixed(0)}); both from opening the checkpoint to the end; 4 of 16 layers follow`
	});
}

/** (h) the layer evaluations of a damage map against each case run by itself, and its time. */
export async function benchDamage(
	report: Report,
	root: string,
	folder: string,
	home: string
): Promise<void> {
	const documents = [await sample(root, 'hound-of-the-baskervilles.txt')];
	const place = await mkdtemp(join(home, 'damage-'));
	let layersRun = 0;
	const started = performance.now();
	const { report: damage } = await measureDamage(
		{
			...DAMAGED,
			modelFolder: folder,
			documents,
			memoryLimitBytes: null,
			home,
			progressFile: join(place, 'progress.jsonl')
		},
		{ onProgress: () => undefined, onLayer: () => layersRun++ }
	);
	const seconds = (performance.now() - started) / 1000;
	await rm(place, { recursive: true });
	const { context, windows, maxSpan } = DAMAGED;
	const { naive } = damage.evaluations;
	const map = `mini-llama2, damage map of ${windows} windows of ${context} tokens, spans up to ${maxSpan}`;
	report.add({
		id: 'h',
		what: `${map}: layer evaluations ÷ those of each case run by itself`,
		value: layersRun / naive,
		unit: '',
		aim: null,
		detail: `${layersRun} (counted as they ran) against ${naive}: 16 drops, 120 pairs and 65 spans, of which 15 are pairs`
	});
	report.add({
		id: 'h',
		what: `${map}: time`,
		value: seconds,
		unit: 's',
		aim: null,
		detail: `${(seconds / windows).toFixed(1)} s a window, from opening the checkpoint to the intervals`
	});
}

async function sample(root: string, name: string): Promise<Document> {
	return { name, text: await readFile(join(root, 'static', 'samples', name), 'utf8') };
}
