import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import prettier from 'prettier';
import { checkpointEngine } from '../analysis/engine/checkpointEngine.ts';
import { memoryLimit } from '../analysis/engine/memory.ts';
import { withoutAllocator } from './allocator.ts';
import type { Plans } from '../analysis/engine/plans.ts';
import type { AnalyzeResult } from '../analysis/measure/analyze/types.ts';
import { openModel, requireCheckpoint } from '../analysis/model/open.ts';
import type { MadeUp } from './checkpoints.ts';
import { TINYLLAMA_SHAPE, writeMadeUp } from './checkpoints.ts';
import { peerPython } from './peerPython.ts';
import { ratioOf } from './ratio.ts';
import { met, type Report } from './report.ts';
import { summary } from './timing.ts';

const WINDOWS = 8;
const CONTEXT = 512;
const REPEATS = 5;

/** Eight layers of Llama-3-8B, with the vocabulary of TinyLlama: its own would take more than the layers. */
const LLAMA_3_8B_SHAPE: MadeUp = {
	name: 'made-up-llama3-8b',
	layers: 8,
	hidden: 4096,
	heads: 32,
	kvHeads: 8,
	intermediate: 14336,
	vocab: 32000
};

/** Figures of a job in transformers, as peer.py prints them. */
interface Theirs {
	seconds: number;
	peakBytes: number;
	torch: string;
	transformers: string;
}

interface Row {
	what: string;
	ratio: string;
	aim: string;
	detail: string;
}

/**
 * (f) the same jobs in transformers and here, one right after the other, `REPEATS` times: attention of every layer, Gram
 * and loss from the command's start to its end, loading and all; the plain forward pass with its loss, loaded; and memory.
 * `models` names further checkpoints; without any, made-up ones in the shapes of TinyLlama and Llama-3-8B are made.
 */
export async function benchPeer(
	report: Report,
	root: string,
	folder: string,
	models: readonly string[]
): Promise<void> {
	const peer = new Peer(report, root, await peerPython());
	const mini = { name: 'mini-llama2', folder: join(root, 'models', 'mini-llama2') };
	await peer.compare(mini, 0.55);
	for (const each of models) await peer.compare({ name: each, folder: each }, 0.65);
	if (models.length === 0)
		for (const shape of [TINYLLAMA_SHAPE, LLAMA_3_8B_SHAPE]) {
			const made = await writeMadeUp(folder, shape, root);
			const aim = shape === TINYLLAMA_SHAPE ? 0.8 : null;
			await peer.compare({ name: `${shape.name}, ${shape.layers} layers`, folder: made }, aim);
			await rm(made, { recursive: true });
		}
	await peer.write();
}

class Peer {
	readonly #report: Report;
	readonly #root: string;
	readonly #python: string;
	readonly #rows: Row[] = [];
	#versions = '';

	constructor(report: Report, root: string, python: string) {
		this.#report = report;
		this.#root = root;
		this.#python = python;
	}

	/** All jobs on one model. `atMost`: aim of the whole command. */
	async compare(model: { name: string; folder: string }, atMost: number | null): Promise<void> {
		const whole = { ours: [] as number[], all: [] as number[], theirs: [] as number[] };
		const peaks = { ours: [] as number[], theirs: [] as number[] };
		const plain = { ours: [] as number[], theirs: [] as number[] };
		const opened = await PlainModel.open(model.folder);
		for (let repeat = 0; repeat < REPEATS; repeat++) {
			const captures = [
				async () => {
					const one = await this.#analyze(model.folder, ['--metrics', 'cosine', '--views', 'all']);
					whole.ours.push(one.seconds);
					peaks.ours.push(one.peakBytes);
					whole.all.push((await this.#analyze(model.folder, [])).seconds);
				},
				async () => {
					const theirs = await this.#theirs('capture', model.folder);
					whole.theirs.push(theirs.seconds);
					peaks.theirs.push(theirs.said.peakBytes);
				}
			];
			const passes = [
				async () => void plain.ours.push(await opened.seconds()),
				async () => void plain.theirs.push((await this.#theirs('plain', model.folder)).said.seconds)
			];
			// They take turns at going first.
			for (const jobs of [captures, passes])
				for (const job of repeat % 2 === 0 ? jobs : jobs.toReversed()) await job();
		}
		await opened.close();
		this.#add(`${model.name}: attention, Gram and loss, from start to end`, whole, atMost);
		this.#add(
			`${model.name}: every metric and view ÷ cosine alone`,
			{ ours: whole.all, theirs: whole.ours },
			1.6
		);
		this.#add(`${model.name}: plain forward pass and loss, loaded`, plain, 0.8);
		this.#add(`${model.name}: peak memory (GB)`, peaks, null, 1e9);
	}

	/** Runs the command as a user does, in a fresh workspace. */
	async #analyze(
		folder: string,
		options: string[]
	): Promise<{ seconds: number; peakBytes: number }> {
		const home = await mkdtemp(join(this.#root, 'bench', 'build', 'home-'));
		const started = performance.now();
		try {
			const { stdout } = await promisify(execFile)(process.execPath, [
				join(this.#root, 'dist', 'spanwise.js'),
				...['analyze', folder, '--text', join(this.#root, 'static', 'samples', 'walden.txt')],
				...['--context', `${CONTEXT}`, '--windows', `${WINDOWS}`, '--recall', 'off'],
				...options,
				...['--home', home, '--json']
			]);
			const { peakRssBytes } = JSON.parse(stdout) as AnalyzeResult;
			return { seconds: (performance.now() - started) / 1000, peakBytes: peakRssBytes };
		} finally {
			await rm(home, { recursive: true, force: true });
		}
	}

	async #theirs(job: 'capture' | 'plain', folder: string) {
		const started = performance.now();
		const { stdout } = await promisify(execFile)(
			this.#python,
			[
				join(this.#root, 'bench', 'peer.py'),
				...[job, folder, `${availableParallelism()}`, `${WINDOWS}`, `${CONTEXT}`]
			],
			{ env: withoutAllocator() }
		);
		const said = JSON.parse(stdout) as Theirs;
		this.#versions = `transformers ${said.transformers}, torch ${said.torch}`;
		return { seconds: (performance.now() - started) / 1000, said };
	}

	#add(
		what: string,
		{ ours, theirs }: { ours: number[]; theirs: number[] },
		atMost: number | null,
		unit = 1
	): void {
		const { value, low, high } = ratioOf(ours, theirs);
		const interval =
			low === null || high === null ? '' : ` [${low.toFixed(2)}, ${high.toFixed(2)}]`;
		const aim = atMost === null ? null : { atMost };
		const middle = (of: number[]) => (summary(of).medianMs / unit).toPrecision(3);
		const detail = `${middle(ours)} against ${middle(theirs)}${unit === 1 ? ' s' : ' GB'}`;
		this.#report.add({ id: 'f', what, value, unit: '', aim, detail: `${detail};${interval}` });
		const missed = met({ value, aim }) === false ? ', **missed**' : '';
		this.#rows.push({
			what,
			ratio: `${value.toFixed(2)}${interval}`,
			aim: atMost === null ? '' : `≤ ${atMost}${missed}`,
			detail
		});
	}

	/** Writes the table, bench/peer.md. */
	async write(): Promise<void> {
		const lines = [
			'# Spanwise ÷ transformers',
			'',
			`\`npm run bench -- --peer\`: geometric mean of ${REPEATS} paired ratios with its 95% interval, and medians. ${WINDOWS} windows of ${CONTEXT} tokens, float32, ${availableParallelism()} threads (${cpus().at(0)?.model ?? 'unknown'}), ${this.#versions}. A made-up checkpoint has random weights.`,
			'',
			'| what | ratio | medians | aim |',
			'| --- | --- | --- | --- |',
			...this.#rows.map(
				({ what, ratio, detail, aim }) => `| ${what} | ${ratio} | ${detail} | ${aim} |`
			)
		];
		const file = join(this.#root, 'bench', 'peer.md');
		await writeFile(file, await prettier.format(lines.join('\n'), { parser: 'markdown' }));
		console.log(await readFile(file, 'utf8'));
	}
}

/** A model in memory that runs its plain forward pass, as damage and search run plans. */
class PlainModel {
	readonly #plans: Plans;
	readonly #layers: number;
	readonly #vocab: number;
	readonly #close: () => Promise<void>;

	private constructor(
		plans: Plans,
		{ layers, vocab }: { layers: number; vocab: number },
		close: () => Promise<void>
	) {
		this.#plans = plans;
		this.#layers = layers;
		this.#vocab = vocab;
		this.#close = close;
	}

	static async open(folder: string): Promise<PlainModel> {
		const model = await openModel(folder);
		requireCheckpoint(model);
		const forecast = checkpointEngine(model).plans({
			samples: [{ context: CONTEXT, scored: CONTEXT - 1, windowCount: WINDOWS }],
			limitBytes: memoryLimit(null)
		});
		const plans = await forecast.open();
		const plain = new PlainModel(plans, model.checkpoint.config, () => model.close());
		// Sessions are made.
		await plain.seconds();
		return plain;
	}

	/** Seconds that the windows take. */
	async seconds(): Promise<number> {
		const plan = { sources: Array.from({ length: this.#layers }, (_, layer) => layer) };
		const sequences = Array.from({ length: WINDOWS }, (_, window) => ({
			ids: Array.from({ length: CONTEXT }, (__, at) => (at * 37 + window * 101) % this.#vocab)
		}));
		const started = performance.now();
		await this.#plans.losses([plan], sequences, CONTEXT - 1, {
			isMissing: () => true,
			onLosses: () => Promise.resolve()
		});
		return (performance.now() - started) / 1000;
	}

	async close(): Promise<void> {
		await this.#plans.close();
		await this.#close();
	}
}
