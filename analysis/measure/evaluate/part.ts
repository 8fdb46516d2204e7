/** Answers of one shard of an evaluation, as the file of its part, and the answers of all shards put together. */
import * as v from 'valibot';
import { parseJson } from '../../edge/parseJson.ts';
import { parseUntrusted } from '../../edge/parse.ts';
import { InputError } from '../../errors.ts';
import type { FolderFile } from '../../workspace/wholeFolder.ts';
import type { Part } from '../shards/parts.ts';
import { shardWords } from '../shards/shard.ts';
import type { Answers } from './measure.ts';
import type { PreparedEvaluation } from './prepare.ts';
import type { ProbeReport } from './probes/types.ts';

const FILE = 'answers.json';
const numbers = v.array(v.number());
const both = <Of extends v.GenericSchema>(of: Of) => v.object({ baseline: of, shared: of });

const schema = v.object({
	windows: v.array(
		v.object({
			comparison: v.object({ baseline: numbers, shared: numbers, kl: numbers, agree: numbers }),
			time: both(v.object({ seconds: v.number(), cpuSeconds: v.number() }))
		})
	),
	peakRssBytes: both(v.number()),
	recall: v.nullable(v.object({ baseline: numbers, planned: numbers })),
	/** A report on each, of the shard that asked them. */
	probes: v.nullable(v.array(v.looseObject({}))),
	choices: v.nullable(both(v.array(numbers))),
	seconds: v.number()
});

/** The file of a shard's part. */
export function partFiles(
	{ measured, recall, probes, choices }: Answers,
	seconds: number
): FolderFile[] {
	const json: v.InferOutput<typeof schema> = {
		windows: measured.windows.map(({ comparison, time }) => ({
			comparison: {
				baseline: [...comparison.baseline],
				shared: [...comparison.shared],
				kl: [...comparison.kl],
				agree: [...comparison.agree]
			},
			time
		})),
		peakRssBytes: measured.peakRssBytes,
		recall,
		probes: probes && probes.map((report) => ({ ...report })),
		choices,
		seconds
	};
	return [{ file: FILE, bytes: Buffer.from(JSON.stringify(json)) }];
}

/**
 * The answers of all shards, one after the other, to the windows, probes and questions that were prepared. Throws
 * InputError where a file is not what was written, or the answers are to others.
 */
export async function mergedAnswers(
	parts: readonly Part[],
	{ windows, probes }: PreparedEvaluation
): Promise<Answers & { seconds: number; shards: number }> {
	const all: v.InferOutput<typeof schema>[] = [];
	for (const part of parts) {
		const where = `${shardWords(part.shard)}: ${FILE}`;
		const text = (await part.read(FILE)).toString();
		all.push(parseUntrusted(schema, parseJson(text, where), where));
	}
	const found = all.flatMap((each) => each.windows);
	const recall = all.flatMap((each) => each.recall ?? []);
	const choices = all.flatMap((each) => each.choices ?? []);
	const reports = all.flatMap((each) => each.probes ?? []);
	const baseline = recall.flatMap((each) => each.baseline);
	if (found.length !== windows.length || baseline.length !== (probes?.probes.length ?? 0))
		throw new InputError(
			`shards: ${found.length} windows and ${baseline.length} probes; expected ${windows.length} and ${probes?.probes.length ?? 0}`
		);
	const highest = (variant: 'baseline' | 'shared') =>
		Math.max(...all.map(({ peakRssBytes }) => peakRssBytes[variant]));
	return {
		measured: {
			windows: found.map(({ comparison, time }, at) => ({
				sequence: windows[at],
				comparison: {
					baseline: Float64Array.from(comparison.baseline),
					shared: Float64Array.from(comparison.shared),
					kl: Float64Array.from(comparison.kl),
					agree: Uint8Array.from(comparison.agree)
				},
				time
			})),
			peakRssBytes: { baseline: highest('baseline'), shared: highest('shared') }
		},
		recall:
			recall.length === 0 ? null : { baseline, planned: recall.flatMap((each) => each.planned) },
		// Its form is our own, and its bytes were compared with their checksum.
		probes: reports.length === 0 ? null : (reports as unknown as ProbeReport[]),
		choices:
			choices.length === 0
				? null
				: {
						baseline: choices.flatMap((each) => each.baseline),
						shared: choices.flatMap((each) => each.shared)
					},
		seconds: all.reduce((sum, each) => sum + each.seconds, 0),
		shards: parts.length
	};
}
