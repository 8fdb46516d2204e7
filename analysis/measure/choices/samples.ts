import * as v from 'valibot';
import { boundedArray, parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import type { Question } from './types.ts';

/** More than any questions in use have. */
const MOST_CHOICES = 100;

const pair = v.union([
	v.pipe(
		v.looseObject({ arg_0: v.string(), arg_1: v.string() }),
		v.transform(({ arg_0, arg_1 }) => ({ context: arg_0, continuation: arg_1 }))
	),
	v.pipe(
		v.looseTuple([v.string(), v.string()]),
		v.transform(([context, continuation]) => ({ context, continuation }))
	)
]);

const sample = v.looseObject({
	doc_id: v.union([v.number(), v.string()]),
	filter: v.optional(v.string(), 'none'),
	target: v.union([v.number(), v.string()]),
	arguments: v.union([
		boundedArray(pair, MOST_CHOICES),
		v.pipe(
			v.record(v.string(), pair),
			v.transform((named) => Object.values(named))
		)
	])
});

/** Returns true if a line is one of the samples that lm-evaluation-harness writes. */
export function isSample(json: unknown): boolean {
	return typeof json === 'object' && json !== null && 'doc_id' in json && 'arguments' in json;
}

/**
 * The questions of the samples of a multiple-choice task: contexts and continuations as they were sent, each document
 * once, whatever filters it went through. Requests without a context, which acc_mutual_info sends, are passed over. Throws
 * InputError naming the line where a task is no multiple choice, or has contexts of its own for every choice.
 */
export function sampleQuestions(lines: readonly { json: unknown; where: string }[]): Question[] {
	const parsed = lines.map(({ json, where }) => ({
		where,
		found: parseUntrusted(sample, json, where)
	}));
	const filter = parsed.at(0)?.found.filter;
	return parsed
		.filter(({ found }) => found.filter === filter)
		.map(({ found, where }) => questionOf(found, where));
}

function questionOf(
	{ target, arguments: all }: v.InferOutput<typeof sample>,
	where: string
): Question {
	const asked = all.filter(({ context }) => context !== '');
	const choices = asked.map(({ continuation }) => continuation);
	if (choices.length < 2) {
		throw new InputError(
			`${where}: ${choices.length} continuations; expected the samples of a multiple-choice task, which have two or more`
		);
	}
	const [{ context: prompt }] = asked;
	if (asked.some(({ context }) => context !== prompt)) {
		throw new InputError(
			`${where}: every choice has a context of its own, as in WinoGrande; expected one prompt and several continuations`
		);
	}
	return { prompt, choices, answer: answerOf(target, choices, where), group: null };
}

/** The index of the right choice, which a target is, or its text. */
function answerOf(target: number | string, choices: readonly string[], where: string): number {
	const text = String(target).trim();
	const byText = choices.findIndex((choice) => choice.trim() === text);
	const index = typeof target === 'number' || byText === -1 ? Number(text) : byText;
	if (text !== '' && Number.isInteger(index) && index >= 0 && index < choices.length) return index;
	throw new InputError(
		`${where}: target ${quoted(JSON.stringify(target))} is neither the index nor the text of one of ${choices.length} choices`
	);
}
