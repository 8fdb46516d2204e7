import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AnalyzeResult } from '../analysis/measure/analyze/types.ts';
import type { Report } from './report.ts';

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
	const result = JSON.parse(stdout) as AnalyzeResult;
	report.add({
		id: 'c',
		what: 'made-up checkpoint in TinyLlama’s shape, context 256, one window: peak memory',
		value: result.peakRssBytes / 1e9,
		unit: 'GB',
		aim: { atMost: 1.2 },
		detail: `every metric, both views; ${result.seconds.toFixed(0)} s, the model's hash included`
	});
}
