/**
 * Every figure of docs/results.md, measured in one run on the machine at hand: npm run bench. Prints lines and
 * writes bench/results.json. Letters are those of its lines. Arguments, if any, pick letters. `--peer [MODEL…]`
 * compares with Hugging Face transformers instead and writes bench/peer.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withAllocator } from '../analysis/process/allocator.ts';
import { TINYLLAMA_SHAPE, WIDE, writeMadeUp } from './checkpoints.ts';
import { benchDeepRun } from './deepRun.ts';
import { benchDeployment } from './deploy.ts';
import { benchCapture, benchThroughput } from './engine.ts';
import { benchMemory } from './memory.ts';
import { benchFirstHeatmap, benchPaint } from './pages.ts';
import { benchPeer } from './peer.ts';
import { benchPlans } from './plans.ts';
import { benchDamage, benchEvaluation } from './proof.ts';
import { Report } from './report.ts';

if (process.env.MALLOC_TRIM_THRESHOLD_ === undefined) {
	// As the command runs models in a process of its own.
	const { status } = spawnSync(process.execPath, process.argv.slice(1), {
		env: withAllocator(),
		stdio: 'inherit'
	});
	process.exit(status ?? 1);
}

/** The built benchmark lies in bench/build. */
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const mini = join(root, 'models', 'mini-llama2');
const wanted = process.argv.slice(2);
const peer = wanted.indexOf('--peer');
const report = new Report();
const folder = await mkdtemp(join(tmpdir(), 'spanwise-bench-'));

async function section(letter: string, run: () => Promise<void>): Promise<void> {
	if (wanted.length === 0 || wanted.includes(letter)) await run();
}

try {
	if (peer < 0) await sections();
	else await benchPeer(report, root, folder, wanted.slice(peer + 1));
} finally {
	await rm(folder, { recursive: true, force: true });
}

async function sections(): Promise<void> {
	const wide = await writeMadeUp(folder, WIDE, root);
	await section('a', async () => {
		await benchCapture(report, mini, 'mini-llama2', 512, 1.4, 'every metric');
		await benchCapture(report, wide, WIDE.name, 512, 1.25, 'cosine');
	});
	await section('b', async () => {
		await benchThroughput(report, wide, WIDE.name, 512);
		await benchThroughput(report, mini, 'mini-llama2', 512);
	});
	await section('c', async () => {
		const large = await writeMadeUp(folder, TINYLLAMA_SHAPE, root);
		await benchMemory(report, root, large, join(folder, 'memory-home'));
		await rm(large, { recursive: true });
	});
	await section('d', () => benchFirstHeatmap(report, root, join(folder, 'serve-home')));
	await section('e', () => benchPaint(report, root));
	await section('k', () => benchDeepRun(report, root, join(folder, 'deep-home')));
	await section('g', () => benchEvaluation(report, root, mini, folder));
	await section('h', () => benchDamage(report, root, mini, folder));
	// Half an hour: only when it is asked for.
	if (wanted.includes('i')) await benchPlans(root, folder);
	// Ten minutes and 9 GB of disk: likewise.
	if (wanted.includes('j')) {
		const large = await writeMadeUp(folder, TINYLLAMA_SHAPE, root);
		await benchDeployment(report, root, large, folder);
	}
	if (wanted.length === 0) await report.write(join(root, 'bench'));
}
