import { dirname } from 'node:path';
import { operationsPerSecond } from '../../engine/speed.ts';
import { InputError } from '../../errors.ts';
import { onnxFacts } from '../../model/onnx/facts.ts';
import { findBeside } from '../../model/onnx/locate.ts';
import { checkWritable } from '../../model/onnx/merged.ts';
import type { Model } from '../../model/open.ts';
import { sessionWeightBytes } from '../../model/onnx/weights.ts';
import { RECORD_FILE } from '../../model/onnx/writtenPlan.ts';
import { planMatches } from '../../plan/planFile.ts';
import type { Document } from '../../model/tokens/types.ts';
import type { Plan } from '../../plan/types.ts';
import { checkBenchSetting } from './bench.ts';
import { onnxDecoderNames, ownFile } from './benchOnnx.ts';
import { benchSeconds, checkMemory, roundsOf } from './benchForecast.ts';
import type { BenchReport, BenchSetting } from './benchTypes.ts';
import { prepareCost } from './cost.ts';
import { reportCost, reporterOf, runPair, type BenchDeps } from './measureBench.ts';
import { readWritten, type WrittenDecoder } from '../../apply/read.ts';
import { withScratch } from '../../apply/scratch.ts';

/** Two models that are there already. */
export interface WrittenRequest extends BenchSetting {
	/** A folder that `spanwise apply` wrote with a plan. */
	against: string;
	/** As of `BenchRequest`. */
	memoryLimitBytes: number | null;
	home: string;
	documents: Document[];
	recall: boolean;
}

/**
 * Measures two models that are there already: an ONNX model, or a folder that `spanwise apply` wrote without a plan, and
 * one with a plan. Throws InputError where they are not that, or
 * were made from different models.
 */
export async function measureWritten(
	model: Model,
	{ against, home, memoryLimitBytes, documents, recall, ...setting }: WrittenRequest,
	deps: BenchDeps
): Promise<{ bench: BenchReport; plan: Plan }> {
	if (model.form !== 'onnx') {
		throw new InputError(
			`${model.path}: not an ONNX model; expected one, or a folder written by spanwise apply`
		);
	}
	const { found, path: file, name } = model;
	const { onnx } = found;
	checkWritable(onnx);
	const planned = await readWritten(against);
	const { plan, hash } = planned;
	if (plan === null) throw new InputError(`${against}: has no plan; expected one with`);
	const facts = onnxFacts(found);
	const record = await findBeside(file, RECORD_FILE);
	const baseline = record === null ? null : await readWritten(dirname(record));
	checkSameOrigin(planned, baseline, await model.hash(home), {
		model: file,
		against
	});
	checkBenchSetting(setting, facts);
	const { names, elementBytes } = onnxDecoderNames(found, facts, setting.batch);
	const { rate } = await operationsPerSecond(home);
	const weightBytes = sessionWeightBytes(onnx.graph);
	const fileBytes = onnx.bytes;
	const side = { name, facts, fileBytes, weightBytes, type: facts.dtype, elementBytes };
	checkMemory(side, setting, memoryLimitBytes);
	const seconds = benchSeconds(side, setting, rate).round;
	const cost = await prepareCost(model, {
		...{ plan, planFolder: against, documents, recall, memoryLimitBytes }
	});
	const costSeconds = cost.work / rate;
	const work = roundsOf(setting) * seconds + costSeconds;
	const reporter = reporterOf(setting, facts.layers, work, deps.onProgress);
	const dtype = planned.dtype ?? facts.dtype;
	const subject = { name: baseline?.name ?? name, hash, facts, sources: plan.sources, dtype };
	const costs = await reportCost(cost, home, costSeconds, reporter);
	const bench = await withScratch({ home, id: deps.id, bytesNeeded: 0 }, async (scratch) => {
		const pair = {
			subject,
			baseline: await ownFile({ file, names }, scratch),
			planned: { file: planned.file, dataFolder: null, names }
		};
		return runPair(pair, setting, deps.openSide, seconds, reporter);
	});
	const warning = planMatches(plan, { name: planned.name, layers: facts.layers, hash });
	return { bench: { ...bench, ...costs, warning }, plan };
}

/** Either is made from the other's model, or both from one. */
function checkSameOrigin(
	planned: WrittenDecoder,
	baseline: WrittenDecoder | null,
	ownHash: string,
	{ model, against }: { model: string; against: string }
): void {
	if (baseline !== null && baseline.plan !== null) {
		throw new InputError(`${model}: has a plan; expected one without`);
	}
	if (planned.hash === ownHash) return;
	if (planned.hash !== baseline?.hash) {
		throw new InputError(
			`${model} and ${against}: the second was made from ${planned.name}, of other weights; expected two of one model`
		);
	}
	if (planned.dtype !== baseline.dtype) {
		throw new InputError(
			`${model} and ${against}: written as ${baseline.dtype ?? 'they were'} and ${planned.dtype ?? 'they were'}; expected the same type`
		);
	}
}
