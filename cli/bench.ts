import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Option, type Command } from 'commander';
import { InputError } from '../analysis/errors.ts';
import type { BenchSubject } from '../analysis/deploy/bench.ts';
import type { BenchReport, BenchSetting, BenchSide } from '../analysis/deploy/benchTypes.ts';
import { DECODER_DTYPES, type DecoderDtype } from '../analysis/graph/decode/weights.ts';
import type { Plan } from '../analysis/plan/types.ts';
import { forkBenchSide } from './benchProcess.ts';
import { benchText } from './benchText.ts';
import { findModel, homeOf } from './found.ts';
import { watchInterrupts } from './interrupt.ts';
import { printJson, say, type Io } from './io.ts';
import { wholeNumber, withSharedOptions, type SharedOptions } from './options.ts';
import { readPlan } from './planFile.ts';

const DEFAULT_PROMPT = 512;
const DEFAULT_GENERATE = 64;
const DEFAULT_REPEATS = 5;

const HELP = `
Writes the model as it is and as planned to a temporary folder as spanwise apply does, or takes two folders that
spanwise apply wrote: MODEL, without a plan, and --against, with one. Runs both in alternation, each in a process
of its own: time to the first token, tokens a second after it, peak memory, bytes of cache a token; median,
quartiles, and the ratio planned ÷ baseline round by round, beside what counting predicts.

Example (plan.json: made by the example of spanwise plan):
  spanwise bench mini-llama2 --plan plan.json --prompt 256 --generate 32`;

interface BenchFlags extends SharedOptions, BenchSetting {
	plan?: string;
	against?: string;
	dtype?: DecoderDtype;
}

/** Two written models, and what they are. */
interface Pair {
	subject: BenchSubject;
	baseline: string;
	planned: string;
}

export function registerBench(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('bench')
			.description('measure what a plan gains as a deployed model')
			.argument('<model>', 'folder or name of a model, or a folder written by spanwise apply')
			.option('--plan <file>', 'a plan.json')
			.option('--against <folder>', 'the planned model, written by spanwise apply')
			.option('--prompt <tokens>', 'tokens to read', wholeNumber(1), DEFAULT_PROMPT)
			.option('--generate <tokens>', 'tokens to generate', wholeNumber(1), DEFAULT_GENERATE)
			.option('--batch <sequences>', 'sequences at a time', wholeNumber(1), 1)
			.option('--repeats <count>', 'measured rounds a side', wholeNumber(1), DEFAULT_REPEATS)
			.addOption(
				new Option('--dtype <type>', 'of what is written (default: fp32)').choices(DECODER_DTYPES)
			),
		'print the report as JSON'
	)
		.addHelpText('after', HELP)
		.action(async (model: string, flags: BenchFlags) => {
			const folder = await mkdtemp(join(tmpdir(), 'spanwise-bench-'));
			const remove = () => rmSync(folder, { recursive: true, force: true });
			const sides: BenchSide[] = [];
			const stop = watchInterrupts(remove);
			try {
				const pair = await pairOf(model, flags, folder, io);
				const report = await measure(pair, flags, sides, io);
				if (flags.json) printJson(io, report);
				else io.stdout.write(benchText(report));
			} finally {
				for (const side of sides) await side.close();
				remove();
				stop();
			}
		});
}

async function measure(
	{ subject, baseline, planned }: Pair,
	{ prompt, generate, batch, repeats }: BenchFlags,
	sides: BenchSide[],
	io: Io
): Promise<BenchReport> {
	const { bench, checkBenchSetting } = await import('../analysis/deploy/bench.ts');
	const setting = { prompt, generate, batch, repeats };
	checkBenchSetting(setting, subject.config);
	for (const file of [baseline, planned]) sides.push(await forkBenchSide(file, setting));
	const [first, second] = sides;
	return bench(subject, { baseline: first, planned: second }, setting, (done, all) => {
		say(io, `round ${done} of ${all}`);
	});
}

async function pairOf(model: string, flags: BenchFlags, folder: string, io: Io): Promise<Pair> {
	const { plan, against } = flags;
	if (plan !== undefined && against !== undefined) {
		throw new InputError('--plan and --against: both given; allowed: one of them');
	}
	if (against !== undefined) return writtenPair(model, against, flags.dtype);
	if (plan === undefined) throw new InputError('--plan: missing; or --against, a written model');
	return exportedPair(await findModel(model, flags, io), await readPlan(plan), flags, folder, io);
}

/** Two folders that spanwise apply wrote. */
async function writtenPair(
	model: string,
	against: string,
	dtype: DecoderDtype | undefined
): Promise<Pair> {
	const { readWritten } = await import('../analysis/deploy/read.ts');
	const [baseline, planned] = [await readWritten(model), await readWritten(against)];
	if (baseline.plan !== null) throw new InputError(`${model}: has a plan; expected one without`);
	if (planned.plan === null) throw new InputError(`${against}: has no plan; expected one with`);
	if (dtype !== undefined) throw new InputError('--dtype: the models are written already');
	if (baseline.dtype !== planned.dtype || baseline.config.layers !== planned.config.layers) {
		throw new InputError(
			`${model} and ${against}: ${baseline.dtype} of ${baseline.config.layers} layers, ${planned.dtype} of ${planned.config.layers}; expected the same`
		);
	}
	const { name, config } = baseline;
	const subject = { name, config, sources: planned.plan.sources, dtype: baseline.dtype };
	return { subject, baseline: baseline.file, planned: planned.file };
}

async function exportedPair(
	modelFolder: string,
	plan: Plan,
	flags: BenchFlags,
	folder: string,
	io: Io
): Promise<Pair> {
	const { deployModel } = await import('../analysis/deploy/deploy.ts');
	const { readWritten } = await import('../analysis/deploy/read.ts');
	const { checkBenchSetting } = await import('../analysis/deploy/bench.ts');
	const { readConfig } = await import('../analysis/checkpoint/open.ts');
	const { prompt, generate, batch, repeats, dtype = 'fp32' } = flags;
	checkBenchSetting({ prompt, generate, batch, repeats }, await readConfig(modelFolder));
	const write = async (name: string, applied: Plan | null) => {
		say(io, `writing ${name}`);
		const out = join(folder, name);
		await deployModel(
			{
				modelFolder,
				plan: applied,
				planFolder: dirname(flags.plan ?? '.'),
				target: 'onnx',
				dtype,
				out,
				verify: true,
				home: homeOf(flags, io)
			},
			() => undefined
		);
		return readWritten(out);
	};
	const baseline = await write('baseline', null);
	const planned = await write('planned', plan);
	const { name, config } = baseline;
	const subject = { name, config, sources: plan.sources, dtype };
	return { subject, baseline: baseline.file, planned: planned.file };
}
