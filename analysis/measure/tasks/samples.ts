import * as v from 'valibot';
import { parseJson } from '../../edge/parseJson.ts';
import { boundedArray, parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import type { Sample } from './types.ts';

/** More than any task has. */
const MOST_METRICS = 100;

const hash = v.optional(v.string());

const line = v.looseObject({
	doc_id: v.union([v.number(), v.string()]),
	filter: v.optional(v.string(), 'none'),
	metrics: v.optional(boundedArray(v.string(), MOST_METRICS)),
	doc_hash: hash,
	prompt_hash: hash,
	target_hash: hash
});

/** Metrics of versions before `metrics` was written beside their values. */
const KNOWN_METRICS = ['acc', 'acc_norm', 'exact_match', 'f1', 'mc1', 'mc2', 'bleu', 'perplexity'];

/**
 * The samples that lm-evaluation-harness writes with --log_samples, one per line: the hashes by which two runs are paired,
 * and every metric that is a number. Throws InputError naming file and line.
 */
export function parseSamples(text: string, where: string): Sample[] {
	const seen = new Map<string, number>();
	const samples = text.split('\n').flatMap((each, index) => {
		if (each.trim() === '') return [];
		return [parseSample(each, `${where}: line ${index + 1}`, seen)];
	});
	if (samples.length === 0) {
		throw new InputError(
			`${where}: no samples; expected one per line, as lm_eval --log_samples writes`
		);
	}
	return samples;
}

function parseSample(text: string, where: string, seen: Map<string, number>): Sample {
	const found = parseUntrusted(line, parseJson(text, where), where);
	const { doc_hash, prompt_hash, target_hash, filter } = found;
	if (doc_hash === undefined || prompt_hash === undefined || target_hash === undefined) {
		throw new InputError(
			`${where}: no doc_hash, prompt_hash and target_hash; questions cannot be paired: write the samples with lm-evaluation-harness 0.4.4 or newer`
		);
	}
	const same = [doc_hash, prompt_hash, target_hash, filter].join(' ');
	// A document that is asked twice is paired in order.
	const times = seen.get(same) ?? 0;
	seen.set(same, times + 1);
	const values = new Map<string, unknown>(Object.entries(found));
	const metrics: Record<string, number> = {};
	for (const name of found.metrics ?? KNOWN_METRICS) {
		const value = values.get(name);
		const number = typeof value === 'boolean' ? Number(value) : value;
		if (typeof number === 'number' && Number.isFinite(number)) metrics[name] = number;
	}
	if (Object.keys(metrics).length === 0) {
		throw new InputError(
			`${where}: no metric that is a number; found ${quoted((found.metrics ?? []).join(', ') || 'none')}`
		);
	}
	return { key: `${same} ${times}`, document: doc_hash, filter, metrics };
}
