import { join } from 'node:path';
import { isInputError } from '../../errors.ts';
import { Reporter } from '../../telemetry/reporter.ts';
import type { Plan } from '../../plan/types.ts';
import type { Progress } from '../../telemetry/progress.ts';
import { noteEnd, noteUse } from '../../process/helpers.ts';
import { bench, type BenchSubject } from './bench.ts';
import { ownFile } from './benchOnnx.ts';
import { roundsOf, tokensOfRound } from './benchForecast.ts';
import type {
	BenchFile,
	BenchReport,
	BenchRequest,
	BenchSetting,
	BenchSide,
	OpenSide,
	PlanCost
} from './benchTypes.ts';
import { costRefused, measureCost, type PreparedCost } from './cost.ts';
import { deployModel, type Deployed, type DeployStage } from '../../apply/deploy.ts';
import { prepareBench, secondsOfBench, type PreparedBench } from './prepareBench.ts';
import type { Model } from '../../model/open.ts';
import { readWritten } from '../../apply/read.ts';
import { withScratch } from '../../apply/scratch.ts';

/** Id, processes and callback that the caller of a measurement provides. */
export interface BenchDeps {
	/** Names what is in the making; see `withScratch`. */
	id: string;
	openSide: OpenSide;
	onProgress: (progress: Progress) => void;
}

/** Two models to be run, and what they are. */
export interface BenchPair {
	subject: BenchSubject;
	baseline: BenchFile;
	planned: BenchFile;
}

const MEASURING = 'measuring';
const COSTING = 'evaluating the plan';
/** Fraction of the time that writing a model takes, roughly, that is over when a stage begins. */
const FRACTION_BEFORE: Record<DeployStage, number> = {
	writing: 0,
	verifying: 0.5,
	rounding: 0.7,
	hashing: 0.8
};

/**
 * Writes the baseline, unless it is an ONNX model already, and the planned model, and measures both in alternation. What
 * is written is gone when this ends. Throws InputError where the model cannot be run so, memory or disk have too little
 * space, and as `deployModel`.
 */
export async function measureBench(
	model: Model,
	request: BenchRequest,
	deps: BenchDeps,
	onPrepared?: (prepared: PreparedBench) => Promise<void>
): Promise<BenchReport> {
	const prepared = await prepareBench(model, request);
	await onPrepared?.(prepared);
	const { setting, facts } = prepared;
	const seconds = await secondsOfBench(prepared, request.home);
	const reporter = reporterOf(setting, facts.layers, seconds.total, deps.onProgress);
	const costs = await reportCost(prepared.cost, request.home, seconds.cost, reporter);
	const space = { home: request.home, id: deps.id, bytesNeeded: prepared.scratchBytes };
	return withScratch(space, async (scratch) => {
		const write = writer(model, request, scratch, (work, stage) => reporter.add(work, stage, 0));
		const baseline =
			prepared.onnx === null
				? (await write('the baseline', null, seconds.write)).file
				: await ownFile(prepared.onnx, scratch);
		const { file: planned, deployed } = await write(
			'the planned model',
			request.plan,
			seconds.write
		);
		const { name, dtype } = prepared;
		const { hash } = deployed.record.model;
		const subject = { name, hash, facts, sources: request.plan.sources, dtype };
		const pair = { subject, baseline, planned: { ...planned, names: baseline.names } };
		const report = await runPair(pair, setting, deps.openSide, seconds.round, reporter);
		const { warning, notes } = deployed;
		return { ...report, cost: costs.cost, warning, notes: [...notes, ...costs.notes] };
	});
}

/** Measures what the plan costs, which takes about `seconds`; where it cannot, a note says why. */
export async function reportCost(
	prepared: PreparedCost,
	home: string,
	seconds: number,
	reporter: Reporter
): Promise<{ cost: PlanCost | null; notes: string[] }> {
	const { notes } = prepared;
	let reported = 0;
	try {
		const cost = await measureCost(prepared, home, (fraction, tokens) => {
			reporter.addTokens(tokens);
			reporter.add(fraction * seconds - reported, COSTING, 0);
			reported = fraction * seconds;
		});
		return { cost, notes };
	} catch (error) {
		if (!isInputError(error)) throw error;
		return { cost: null, notes: [...notes, costRefused(error)] };
	}
}

/** Rounds are counted while there are some; a model that is being written has none. */
export function reporterOf(
	setting: BenchSetting,
	layers: number,
	work: number,
	onProgress: (progress: Progress) => void
): Reporter {
	const task = { work, layers, windows: roundsOf(setting), context: setting.prompt };
	return new Reporter(task, (progress) => {
		const windows = progress.stage === MEASURING ? progress.windows : 0;
		onProgress({ ...progress, windows, counted: 'round' });
	});
}

/** Writes models below a folder; `onWork` is called with the seconds of work done. */
function writer(
	model: Model,
	{ planFolder, dtype, home }: BenchRequest,
	scratch: string,
	onWork: (seconds: number, stage: string) => void
) {
	return async (
		what: string,
		plan: Plan | null,
		seconds: number
	): Promise<{ file: BenchFile; deployed: Deployed }> => {
		const out = join(scratch, plan === null ? 'baseline' : 'planned');
		const wordsOf = (stage: DeployStage) => (stage === 'writing' ? `writing ${what}` : stage);
		let at: DeployStage = 'writing';
		let reported = 0;
		const reportUpTo = (fraction: number) => {
			onWork(fraction * seconds - reported, wordsOf(at));
			reported = fraction * seconds;
		};
		onWork(0, wordsOf(at));
		const onProgress = (stage: DeployStage, fraction: number) => {
			// The end of one stage, then the beginning of the next.
			reportUpTo(
				stage === 'writing' ? fraction * FRACTION_BEFORE.verifying : FRACTION_BEFORE[stage]
			);
			if (stage !== at) onWork(0, wordsOf(stage));
			at = stage;
		};
		const request = { plan, planFolder, dtype, out, home, target: 'onnx', verify: true } as const;
		const deployed = await deployModel(model, request, onProgress);
		reportUpTo(1);
		const { file } = await readWritten(out);
		return { file: { file, dataFolder: null, names: null }, deployed };
	};
}

/** Opens both sides, runs them in alternation and lets go of them; a round takes about `seconds`. */
export async function runPair(
	{ subject, baseline, planned }: BenchPair,
	setting: BenchSetting,
	openSide: OpenSide,
	seconds: number,
	reporter: Reporter
): Promise<BenchReport> {
	const sides: BenchSide[] = [];
	try {
		reporter.add(0, MEASURING, 0);
		for (const file of [baseline, planned]) sides.push(await openSide(file, setting));
		const [first, second] = sides;
		const both = { baseline: first, planned: second };
		return await bench(subject, both, setting, (done, side, round) => {
			noteUse(both[side], round);
			reporter.addTokens(tokensOfRound(setting));
			reporter.add(seconds, MEASURING, done);
		});
	} finally {
		for (const side of sides) {
			await side.close();
			noteEnd(side);
		}
	}
}
