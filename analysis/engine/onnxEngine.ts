import { causalLayout } from './layout.ts';
import { seenWindows } from './seenWindows.ts';
import { roundingNotes, roundsActivations } from '../model/onnx/rounding.ts';
import { onnxRefused } from '../model/onnx/refused.ts';
import { mean } from '../statistics/figures.ts';
import type { OnnxFileModel } from '../model/open.ts';
import { checkFixedContext, fixedContextOf } from '../graph/tapped/exposeOutputs.ts';
import { tapModel } from '../graph/tapped/tap.ts';
import { judgeWindows } from './onnxWindows.ts';
import { planOnnxComparison, planOnnxMemory } from './onnxMemory.ts';
import { pathOf } from './path.ts';
import type { WindowRunner } from './captureSums.ts';
import type { Engine } from './engine.ts';
import { forwardWork, logitsWork, windowWork } from './work.ts';
import { inTurns } from './variants.ts';
import { cutBytes } from '../rewrite/cutBytes.ts';
import { shareAttention } from '../rewrite/share.ts';

/** An ONNX model, run whole; its attention is output by a copy of its graph. `notes` are for the user of a capture. */
export function onnxEngine(file: OnnxFileModel, notes: readonly string[] = []): Engine {
	const model = file.checked();
	const { facts, onnx, inputs } = model;
	return {
		fixedContext: fixedContextOf(inputs),
		capture: (context, statistics, limitBytes) => {
			checkFixedContext(inputs, context, onnx.file);
			const { layersPerRun, ...memory } = planOnnxMemory(model, context, statistics, limitBytes);
			const layout = causalLayout(facts, context);
			const layers = model.layers.map(({ layer }) => layer);
			const once = windowWork(facts, layout, statistics);
			// Every run goes through the whole model, output embedding included.
			const runs = Math.ceil(layers.length / layersPerRun);
			const work = { ...once, layer: runs * once.layer, head: runs * once.head };
			return {
				layout,
				memory,
				work,
				path: pathOf(memory),
				notes: [...file.notes, ...notes],
				capture: async (given, _, reporter, stopwatch) => {
					// Only here: onnxruntime has no place in a process that only estimates.
					const { OnnxPass } = await import('./onnx.ts');
					const { sumWindows } = await import('./captureSums.ts');
					stopwatch.enter('layers');
					const whole = await file.wholeChecked();
					const tapped = tapModel(whole, { context, blocks: layout.blocks, layers, loss: true });
					const pass = await OnnxPass.open(tapped, layout, {
						layers,
						layersPerRun,
						file: onnx.file
					});
					let seen: number[] = [];
					/** Of the first window. */
					let loss = NaN;
					const runner: WindowRunner = {
						run: async ([{ ids }], [place], done) => {
							stopwatch.enter('layers');
							const losses = await pass.run(ids, place, (captured) => {
								for (const layer of captured) reporter.addLayer(work.layer, 'layers', done, layer);
							});
							reporter.add(work.head, 'loss', done);
							if (done === 0) loss = mean(losses);
							seen = seenWindows(layout, place, seen);
							return [losses];
						},
						seen: () => judgeWindows(whole.windows, seen, context),
						release: () => pass.release()
					};
					const laidOut = { layout, memory, statistics, work, windows: [...given] };
					const captured = await sumWindows(laidOut, runner, reporter, stopwatch);
					if (roundsActivations(whole.onnx)) {
						const { untappedNote } = await import('./untapped.ts');
						captured.seen?.notes.push(await untappedNote(whole, given[0].ids, loss));
					}
					return captured;
				}
			};
		},
		compare: (given, { context, longest, windowCount, limitBytes }) => {
			const { sources, headMaps } = given;
			const planned = { sources, headMaps: headMaps ?? sources.map(() => null) };
			const { cuts } = shareAttention(model, planned);
			const { layer, head } = forwardWork(facts, causalLayout(facts, context));
			const size = { context: longest, windowCount, limitBytes };
			const memory = planOnnxComparison(model, cutBytes(cuts), size);
			return {
				memory,
				work: { oneVariant: facts.layers * layer + head, comparison: logitsWork(facts, context) },
				path: pathOf(memory),
				timed: 'model',
				notes: roundingNotes(onnx),
				open: async () => {
					// Only here, as above.
					const { OnnxVariants } = await import('./onnxVariants.ts');
					const runner = await OnnxVariants.open(await file.wholeChecked(), planned, memory);
					return inTurns(runner, memory.windowsPerGroup);
				}
			};
		},
		plans: () => {
			throw onnxRefused(file.path);
		},
		tokenMaps: async (wanted) => {
			const { onnxTokenMaps } = await import('./tokenMaps.ts');
			return onnxTokenMaps(file, wanted);
		}
	};
}
