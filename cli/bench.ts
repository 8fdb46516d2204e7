import { dirname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import type { BenchReport, BenchSetting } from '../analysis/measure/bench/benchTypes.ts';
import type { BenchMeans } from '../analysis/measure/bench/measureBench.ts';
import { BENCH_DEFAULTS } from '../analysis/measure/bench/defaults.ts';
import { InputError } from '../analysis/errors.ts';
import { DECODER_DTYPES, type DecoderDtype } from '../analysis/graph/decode/weights.ts';
import type { Plan } from '../analysis/plan/types.ts';
import { benchCommand } from '../analysis/measure/results/command.ts';
import { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import { settingWords } from '../analysis/measure/bench/words.ts';
import { benchSides } from '../analysis/measure/bench/sideProcess.ts';
import { benchText } from './benchText.ts';
import { sayEstimate } from './estimateText.ts';
import { withModel } from '../analysis/model/open.ts';
import { findModel, homeOf } from './found.ts';
import { watchInterrupts } from './interrupt.ts';
import { print, printJson, say, type Io } from './io.ts';
import { wholeNumber, withSharedOptions, type SharedOptions } from './options.ts';
import { readPlan } from './planFile.ts';
import { progressDisplay } from './progress.ts';
import { storeResult } from './store.ts';

/** Beside the built command. */
const WORKER = new URL('./benchWorker.js', import.meta.url);

const HELP = `
Writes the model as it is and as planned to the workspace as spanwise apply does, and removes both at the end; an
ONNX model is run as it lies there. Or takes MODEL, an ONNX model or a folder that spanwise apply wrote without a
plan, and --against, a folder that it wrote with one. Runs both in alternation, each in a process of its own: time
to the first token, tokens a second after it, peak memory, bytes of cache per token; median, quartiles, and the ratio
planned ÷ baseline round by round, beside what counting predicts.

Example (plan.json: made by the example of spanwise plan):
  spanwise bench mini-llama2 --plan plan.json --prompt 256 --generate 32`;

interface BenchFlags extends SharedOptions, BenchSetting {
	plan?: string;
	against?: string;
	dtype?: DecoderDtype;
}

export function registerBench(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('bench')
			.description('measure what a plan gains as a deployed model')
			.argument(
				'<model>',
				'folder or name of a model, an ONNX file, or a folder written by spanwise apply'
			)
			.option('--plan <file>', 'a plan.json')
			.option('--against <folder>', 'the planned model, written by spanwise apply')
			.option('--prompt <tokens>', 'tokens to read', wholeNumber(1), BENCH_DEFAULTS.prompt)
			.option('--generate <tokens>', 'tokens to generate', wholeNumber(1), BENCH_DEFAULTS.generate)
			.option('--batch <sequences>', 'sequences at a time', wholeNumber(1), BENCH_DEFAULTS.batch)
			.option('--repeats <count>', 'measured rounds a side', wholeNumber(1), BENCH_DEFAULTS.repeats)
			.addOption(
				new Option(
					'--dtype <type>',
					`of what is written of a checkpoint (default: ${BENCH_DEFAULTS.dtype})`
				).choices(DECODER_DTYPES)
			),
		'print the report as JSON'
	)
		.addHelpText('after', HELP)
		.action(async (model: string, flags: BenchFlags) => {
			const recorder = new TelemetryRecorder();
			// The process then exits, which takes what was written for the bench with it.
			const stop = watchInterrupts(() => undefined);
			const { bench, plan } = await measured(model, flags, recorder, io).finally(stop);
			sayRemarks(bench, io);
			if (flags.json) printJson(io, bench);
			else print(io, benchText(bench));
			const command = commandOf(model, flags);
			const origin = { home: homeOf(flags, io), command, recorder };
			await storeResult({ kind: 'bench', plan, bench }, origin, io);
		});
}

async function measured(
	model: string,
	flags: BenchFlags,
	recorder: TelemetryRecorder,
	io: Io
): Promise<{ bench: BenchReport; plan: Plan }> {
	const { plan, against } = flags;
	if (plan !== undefined && against !== undefined) {
		throw new InputError('--plan and --against: both given; allowed: one of them');
	}
	const display = progressDisplay(io.stderr);
	const means: BenchMeans = {
		id: 'bench',
		openSide: benchSides(WORKER),
		onProgress: recorder.watching(display.update)
	};
	try {
		if (against !== undefined) return await ofWritten(model, against, flags, means, io);
		if (plan === undefined) throw new InputError('--plan: missing; or --against, a written model');
		return await ofPlanned(model, plan, flags, means, io);
	} finally {
		display.end();
	}
}

/** Two models that are there already. */
async function ofWritten(
	model: string,
	against: string,
	flags: BenchFlags,
	means: BenchMeans,
	io: Io
): Promise<{ bench: BenchReport; plan: Plan }> {
	if (flags.dtype !== undefined) throw new InputError('--dtype: the models are written already');
	const { measureWritten } = await import('../analysis/measure/bench/measureWritten.ts');
	const home = homeOf(flags, io);
	const modelFolder = await findModel(model, flags, io);
	const memoryLimitBytes = flags.memory ?? null;
	const request = { against, memoryLimitBytes, home, ...settingOf(flags) };
	return withModel(modelFolder, (opened) => measureWritten(opened, request, means));
}

/** A model and a plan, which are written first. */
async function ofPlanned(
	model: string,
	file: string,
	flags: BenchFlags,
	means: BenchMeans,
	io: Io
): Promise<{ bench: BenchReport; plan: Plan }> {
	const plan = await readPlan(file);
	const modelFolder = await findModel(model, flags, io);
	const home = homeOf(flags, io);
	// Only here: onnxruntime takes longer to load than the other subcommands take to run.
	const { measureBench } = await import('../analysis/measure/bench/measureBench.ts');
	const { estimateOfBench } = await import('../analysis/measure/bench/prepareBench.ts');
	const request = {
		...settingOf(flags),
		modelFolder,
		plan,
		planFolder: dirname(resolve(file)),
		dtype: flags.dtype ?? null,
		memoryLimitBytes: flags.memory ?? null,
		home
	};
	const bench = await withModel(modelFolder, (opened) =>
		measureBench(opened, request, means, async (prepared) => {
			const estimate = await estimateOfBench(prepared, home);
			sayEstimate(prepared.name, estimate, io, `${settingWords(prepared.setting)} of each`);
		})
	);
	return { bench, plan };
}

function sayRemarks({ warning = null, notes = [] }: BenchReport, io: Io): void {
	if (warning !== null) say(io, `warning: ${warning}`);
	for (const note of notes) say(io, `note: ${note}`);
}

function settingOf({ prompt, generate, batch, repeats }: BenchFlags): BenchSetting {
	return { prompt, generate, batch, repeats };
}

/** The command that measures it again. */
function commandOf(model: string, flags: BenchFlags): string {
	const { plan, against = '', models: modelFolders, dtype = null } = flags;
	const compared = plan === undefined ? { against } : { plan };
	return benchCommand({ model, modelFolders }, settingOf(flags), { dtype, ...compared });
}
