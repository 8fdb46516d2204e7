import { causalLayout } from './layout.ts';
import { seenWindows } from './seenWindows.ts';
import type { OnnxFileModel } from '../model/open.ts';
import { checkFixedContext } from '../graph/tapped/putOut.ts';
import { tapModel } from '../graph/tapped/tap.ts';
import { judgeWindows } from './onnxWindows.ts';
import { planOnnxMemory } from './onnxMemory.ts';
import { pathOf } from './path.ts';
import type { WindowRunner } from './captureSums.ts';
import type { AttentionSource } from './source.ts';
import { windowWork } from './work.ts';

/** An ONNX model, run whole; its attention is put out by a copy of its graph. */
export function onnxSource(file: OnnxFileModel): AttentionSource {
	const model = file.checked();
	const { facts, onnx, inputs, windows } = model;
	return {
		notes: file.notes,
		outlook: (context, statistics, limitBytes) => {
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
					const runner: WindowRunner = {
						run: async ([{ ids }], [place], done) => {
							stopwatch.enter('layers');
							const losses = await pass.run(ids, place, (captured) => {
								for (const layer of captured) reporter.addLayer(work.layer, 'layers', done, layer);
							});
							reporter.add(work.head, 'loss', done);
							seen = seenWindows(layout, place, seen);
							return [losses];
						},
						seen: () => judgeWindows(windows, seen, context),
						release: () => pass.release()
					};
					const laidOut = { layout, memory, statistics, work, windows: [...given] };
					return sumWindows(laidOut, runner, reporter, stopwatch);
				}
			};
		}
	};
}
