import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AnalyzeResult } from '../analysis/measure/analyze/types.ts';
import type { Report } from './report.ts';

/** A model that fits may take its weights in float32, a third more, and 1 GB. The checkpoint holds them in bfloat16. */
const PER_BYTE = 2 * 1.3;
const BESIDE_GB = 1;

/** (c) peak memory of the whole command on a checkpoint of 2.2 GB. */
export async function benchMemory(
	report: Report,
	root: string,
	folder: string,
	home: string
): Promise<void> {
	const { stdout } = await promisify(execFile)(process.execPath, [
		join(root, 'dist', 'spanwise.js'),
		'analyze',
		folder,
		...['--text', join(root, 'static', 'samples', 'walden.txt')],
		...['--context', '256', '--windows', '1', '--home', home, '--json']
	]);
	const { size } = await stat(join(folder, 'model.safetensors'));
	const result = JSON.parse(stdout) as AnalyzeResult;
	report.add({
		id: 'c',
		what: 'made-up checkpoint in TinyLlama’s shape, context 256, one window: peak memory',
		value: result.peakRssBytes / 1e9,
		unit: 'GB',
		aim: { atMost: BESIDE_GB + (PER_BYTE * size) / 1e9 },
		detail: `every metric, both views; ${result.seconds.toFixed(0)} s, the model's hash included`
	});
}
