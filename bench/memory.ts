import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AnalyzeResult } from '../analysis/measure/analyze/types.ts';
import { TINYLLAMA_SHAPE } from './checkpoints.ts';
import type { Report } from './report.ts';

/** A model that fits may take its weights in float32, a third more, and 1 GB. The checkpoint holds them in bfloat16. */
const PER_BYTE = 2 * 1.3;
const BESIDE_GB = 1;

const { hidden, heads, kvHeads, intermediate } = TINYLLAMA_SHAPE;
/** Floats of a layer: q and o, k and v, and the three matrices of its MLP. */
const LAYER_FLOATS = hidden * (2 * hidden + (2 * hidden * kvHeads) / heads + 3 * intermediate);
/** A model that does not fit may take two layers in float32, and 1 GB. */
const STREAMED_GB = BESIDE_GB + (2 * 4 * LAYER_FLOATS) / 1e9;

/** (c) peak memory of the whole command on a checkpoint of 2.2 GB, in memory and, under a limit that is too low for it, streamed. */
export async function benchMemory(
	report: Report,
	root: string,
	folder: string,
	home: string
): Promise<void> {
	const { size } = await stat(join(folder, 'model.safetensors'));
	const analyze = async (limit: readonly string[]) => {
		const { stdout } = await promisify(execFile)(process.execPath, [
			join(root, 'dist', 'spanwise.js'),
			'analyze',
			folder,
			...['--text', join(root, 'static', 'samples', 'walden.txt')],
			...['--context', '256', '--windows', '1', '--home', home, '--json', ...limit]
		]);
		return JSON.parse(stdout) as AnalyzeResult;
	};
	const whole = await analyze([]);
	report.add({
		id: 'c',
		what: 'made-up checkpoint in TinyLlama’s shape, context 256, one window: peak memory',
		value: whole.peakRssBytes / 1e9,
		unit: 'GB',
		aim: { atMost: BESIDE_GB + (PER_BYTE * size) / 1e9 },
		detail: `every metric, both views; ${whole.seconds.toFixed(0)} s, the model's hash included`
	});
	const streamed = await analyze(['--memory', `${STREAMED_GB.toFixed(2)}GB`]);
	report.add({
		id: 'c streamed',
		what: 'the same where memory is limited to two layers and 1 GB, so that layers are read one by one',
		value: streamed.peakRssBytes / 1e9,
		unit: 'GB',
		aim: { atMost: STREAMED_GB },
		detail: `every metric, both views; ${streamed.seconds.toFixed(0)} s`
	});
}
