import type { TokenQuestion } from '../../../engine/asked.ts';
import { InputError } from '../../../errors.ts';
import { seeded } from '../../../statistics/resample.ts';
import { PROBE_LENGTHS } from './setting.ts';
import { PROBE_TASKS, type ProbeSequence, type ProbeSet, type ProbeTask } from './types.ts';
import type { ProbeWords } from './words.ts';

/** Sequences of a task and length: what intervals draw from. */
export const PROBE_SEQUENCES = 8;
/** Questions at the end of a sequence, at most; never more than a quarter of its lines. */
export const PROBE_QUESTIONS = 16;
/** Answers that a question offers, the right one among them. */
export const CANDIDATES = 4;

/** Fixed, so that every model with the same tokenizer is asked the same. */
const SEED = 0x9e0be;
/** Words of a line of the task 'labels', one of which says its class. */
const LINE_WORDS = 2;
/** Classes of the task 'labels': one for every eight lines, and no more than BANKING77 has. */
const LINES_A_CLASS = 8;
const MOST_CLASSES = 77;
/** Of fewer lines there are too few to ask about. */
const LEAST_LINES = 8;
/** Other words that lines of the task 'labels' are filled with, at least. */
const LEAST_FILLERS = 16;

/**
 * Makes the probes of every task in the lengths asked for, as far as the model has positions; the same tokenizer always
 * gives the same. Lengths beyond the model's positions become those, with a note. Throws InputError where a tokenizer has
 * too few words, and where the model takes fewer tokens than a probe has.
 */
export function makeProbes(
	lengths: readonly number[],
	words: ProbeWords,
	{ maxPositions, fixedContext }: { maxPositions: number; fixedContext: number | null }
): { sets: ProbeSet[]; notes: string[] } {
	const bounded = lengths.map((length) => fixedContext ?? Math.min(length, maxPositions));
	const tokens = [...new Set(bounded)].sort((a, b) => a - b);
	const changed = lengths.filter((length) => !tokens.includes(length));
	if (tokens.some((length) => length < PROBE_LENGTHS.least)) {
		throw new InputError(
			`probes: the model takes ${tokens[0]} tokens; probes have at least ${PROBE_LENGTHS.least}; leave --probes out`
		);
	}
	const reason =
		fixedContext === null
			? `the model has positions for ${maxPositions} tokens`
			: `the model takes exactly ${fixedContext} tokens`;
	const notes =
		changed.length === 0
			? []
			: [`probes of ${changed.join(', ')} tokens were made with ${tokens.at(-1) ?? 0}: ${reason}`];
	const sets = tokens.flatMap((length) =>
		PROBE_TASKS.map((task) => ({
			task,
			tokens: length,
			sequences: sequencesOf(task, length, words)
		}))
	);
	return { sets, notes };
}

function sequencesOf(task: ProbeTask, tokens: number, words: ProbeWords): ProbeSequence[] {
	return Array.from({ length: PROBE_SEQUENCES }, (_, sequence) => {
		const at = PROBE_TASKS.indexOf(task) + PROBE_TASKS.length * sequence;
		const random = seeded(SEED + at + PROBE_TASKS.length * PROBE_SEQUENCES * tokens);
		return MAKERS[task](tokens, words, random);
	});
}

const MAKERS: Record<
	ProbeTask,
	(tokens: number, words: ProbeWords, random: () => number) => ProbeSequence
> = { 'key-value': keyValue, labels };

/** A line of a probe: what stands before the colon, and the token after it. */
interface Line {
	words: readonly number[];
	answer: number;
}

/**
 * A list of pairs "key: value", a line each, all keys and values different words, and then some of the keys again, each
 * followed by its value: from places spread evenly over the list, in random order. The other candidates are values of
 * other keys.
 */
function keyValue(tokens: number, words: ProbeWords, random: () => number): ProbeSequence {
	const lines = linesIn(tokens, 1, words);
	const asked = questionsIn(lines);
	const pairs = lines - asked;
	const shuffled = shuffle(words.words, random);
	requireWords(shuffled.length, 2 * pairs, tokens);
	const list = Array.from({ length: pairs }, (_, pair) => ({
		words: [shuffled[2 * pair]],
		answer: shuffled[2 * pair + 1]
	}));
	const spread = Array.from({ length: asked }, (_, at) => Math.floor(((at + 0.5) * pairs) / asked));
	const again = shuffle(spread, random).map((pair) => list[pair]);
	const values = list.map(({ answer }) => answer);
	return {
		task: 'key-value',
		...written(tokens, [...list, ...again], asked, values, words, random)
	};
}

/**
 * Lines of two words and a label, "w w: label". One of the words, the first or the second, says the class; a class's label is a
 * word that means nothing. Every class comes once before any comes again; the last lines are the questions. The other
 * candidates are labels of other classes.
 */
function labels(tokens: number, words: ProbeWords, random: () => number): ProbeSequence {
	const lines = linesIn(tokens, LINE_WORDS, words);
	const asked = questionsIn(lines);
	const classes = Math.min(MOST_CLASSES, Math.max(CANDIDATES, Math.floor(lines / LINES_A_CLASS)));
	const shuffled = shuffle(words.words, random);
	requireWords(shuffled.length, 2 * classes + LEAST_FILLERS, tokens);
	const cues = shuffled.slice(0, classes);
	const names = shuffled.slice(classes, 2 * classes);
	const fillers = shuffled.slice(2 * classes);
	const each = shuffle(
		cues.map((_, index) => index),
		random
	);
	const all = Array.from({ length: lines }, (_, at) => {
		const index = each.at(at) ?? below(classes, random);
		const around = Array.from(
			{ length: LINE_WORDS - 1 },
			() => fillers[below(fillers.length, random)]
		);
		return {
			words: around.toSpliced(below(LINE_WORDS, random), 0, cues[index]),
			answer: names[index]
		};
	});
	return { task: 'labels', ...written(tokens, all, asked, names, words, random) };
}

/** Lines that fit, of `count` words each. Throws InputError where they are too few for questions. */
function linesIn(tokens: number, count: number, { bosId, colon, newline }: ProbeWords): number {
	const line = count + colon.length + 1 + newline.length;
	const lines = Math.floor((tokens - (bosId === null ? 0 : 1)) / line);
	if (lines >= LEAST_LINES) return lines;
	throw new InputError(
		`probes: ${tokens} tokens hold ${lines} lines of ${line}; expected at least ${LEAST_LINES}; give longer --probes`
	);
}

function questionsIn(lines: number): number {
	return Math.min(PROBE_QUESTIONS, Math.floor(lines / 4));
}

/** The tokens of lines, line breaks before the first so that there are exactly `tokens`, and questions of the last `asked`. */
function written(
	tokens: number,
	lines: readonly Line[],
	asked: number,
	answers: readonly number[],
	{ bosId, colon, newline }: ProbeWords,
	random: () => number
): { ids: number[]; questions: TokenQuestion[] } {
	const body: number[] = [];
	const places: number[] = [];
	for (const { words, answer } of lines) {
		body.push(...words, ...colon);
		places.push(body.length - 1);
		body.push(answer, ...newline);
	}
	const bos = bosId === null ? [] : [bosId];
	const filler = newline[newline.length - 1];
	const front = [...bos, ...Array<number>(tokens - bos.length - body.length).fill(filler)];
	const questions = lines.slice(-asked).map(({ answer }, at) => ({
		place: front.length + places[lines.length - asked + at],
		candidates: [answer, ...others(answer, answers, random)]
	}));
	return { ids: [...front, ...body], questions };
}

/** Three answers other than the right one, none twice. */
function others(right: number, answers: readonly number[], random: () => number): number[] {
	const found = new Set<number>();
	while (found.size < CANDIDATES - 1) {
		const answer = answers[below(answers.length, random)];
		if (answer !== right) found.add(answer);
	}
	return [...found];
}

function requireWords(found: number, needed: number, tokens: number): void {
	if (found >= needed) return;
	throw new InputError(
		`probes: ${tokens} tokens take ${needed} different words; this tokenizer has ${found} of one token; give shorter --probes`
	);
}

function below(count: number, random: () => number): number {
	return Math.floor(random() * count);
}

/** The same values in random order (Fisher & Yates). */
function shuffle(values: readonly number[], random: () => number): number[] {
	const shuffled = [...values];
	for (let last = shuffled.length - 1; last > 0; last--) {
		const at = below(last + 1, random);
		[shuffled[last], shuffled[at]] = [shuffled[at], shuffled[last]];
	}
	return shuffled;
}
