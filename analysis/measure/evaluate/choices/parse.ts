import * as v from 'valibot';
import { boundedArray, parseJson, parseUntrusted } from '../../../edge/parse.ts';
import { InputError } from '../../../errors.ts';
import type { Question } from './types.ts';

/** More than any questions in use have. */
const MOST_CHOICES = 100;

const filled = v.pipe(v.string(), v.regex(/\S/, 'a text that is not blank'));

const questionSchema = v.pipe(
	v.object({
		prompt: filled,
		choices: v.pipe(boundedArray(filled, MOST_CHOICES), v.minLength(2)),
		answer: v.pipe(v.number(), v.integer(), v.minValue(0)),
		group: v.optional(v.nullable(v.string()), null)
	}),
	v.check(
		({ choices, answer }) => answer < choices.length,
		'expected answer: the index of a choice'
	)
);

/**
 * Questions of a JSONL text: {"prompt", "choices", "answer"} a line, and "group" where several come from one
 * source. Blank lines are passed over. Throws InputError naming the file, the line and the key at fault.
 */
export function parseQuestions(text: string, where: string): Question[] {
	const questions = text.split('\n').flatMap((line, index) => {
		if (line.trim() === '') return [];
		return [parseQuestion(line, `${where}: line ${index + 1}`)];
	});
	if (questions.length === 0) throw new InputError(`${where}: no questions; expected one a line`);
	return questions;
}

function parseQuestion(line: string, where: string): Question {
	return parseUntrusted(questionSchema, parseJson(line, where), where);
}
