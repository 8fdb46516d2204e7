import type { Plans } from '../../engine/plans.ts';
import { InputError } from '../../errors.ts';
import { checkFinite } from '../../finite.ts';
import type { Tokenizer } from '../../model/tokens/types.ts';
import { mean, meanInterval } from '../../statistics/figures.ts';
import { drawWindows, type ResampledOver } from '../../statistics/resample.ts';
import type { Reporter } from '../../telemetry/reporter.ts';
import { encodeChoices, filledLength, type ChoiceTokens } from '../choices/encode.ts';
import { groupsOf, rightAnswers } from '../choices/score.ts';
import type { Question } from '../choices/types.ts';
import { SEARCH_DEFAULTS } from './defaults.ts';
import type { AccuracyDrop, SearchRequest, TaskPart } from './types.ts';
import type { LossStore } from './planRunner.ts';
import { caseName, identity, type PlanVariant } from './variant.ts';

/** Questions of one part, and their choices as tokens. */
interface AskedPart {
	questions: Question[];
	choices: ChoiceTokens[];
}

/** The user's questions, of which a plan may lose only so many. */
export interface SearchTasks {
	/** The most accuracy that a plan may lose, a fraction. */
	limit: number;
	parts: Record<TaskPart, AskedPart>;
	/** Tokens of the longest sequence, filled up. */
	context: number;
	/** Tokens that all choices together are filled up to, of both parts. */
	tokens: number;
}

/** Fewest questions: one to choose by, one to report. */
const LEAST_QUESTIONS = 2;
/** Token id that sequences are filled up with. Any id will do, because no token sees those after it. */
const FILLER = 0;

/**
 * The questions of a search in two parts, every other one: plans are chosen by the first, and the second is asked once
 * they are frozen. null: there are none. Throws InputError for a limit without questions, and for too few of them.
 */
export async function searchTasks(
	{
		questions = null,
		maxAccuracyDrop = null
	}: Pick<SearchRequest, 'questions' | 'maxAccuracyDrop'>,
	tokenizer: Tokenizer,
	maxPositions: number
): Promise<SearchTasks | null> {
	if (questions === null) {
		if (maxAccuracyDrop === null) return null;
		throw new InputError('maxAccuracyDrop: no questions to judge it by; give them with --choices');
	}
	if (questions.length < LEAST_QUESTIONS)
		throw new InputError(
			`questions: ${questions.length}; at least ${LEAST_QUESTIONS} are needed, one to choose by and one to report`
		);
	const part = async (place: number): Promise<AskedPart> => {
		const own = questions.filter((_, at) => at % 2 === place);
		return { questions: own, choices: await encodeChoices(own, tokenizer, maxPositions) };
	};
	const parts = { choose: await part(0), report: await part(1) };
	const lengths = [...parts.choose.choices, ...parts.report.choices].map(({ ids }) =>
		filledLength(ids.length, maxPositions)
	);
	return {
		limit: maxAccuracyDrop ?? SEARCH_DEFAULTS.maxAccuracyDrop,
		parts,
		context: Math.max(...lengths),
		tokens: lengths.reduce((sum, length) => sum + length, 0)
	};
}

/** Model facts, reporter and stores of an `AccuracyMeter`. */
export interface TaskDeps {
	layers: number;
	maxPositions: number;
	/** The model's, for messages. */
	path: string;
	reporter: Reporter;
	/** Stores of the summed loss of every choice, by its index in the part. */
	stores: Record<TaskPart, LossStore>;
}

/** Asks plans the questions of a part; none is asked twice, nor what an earlier search has asked. */
export class AccuracyMeter {
	readonly #tasks: SearchTasks;
	readonly #plans: Pick<Plans, 'losses'>;
	readonly #deps: TaskDeps;
	/** Per part and plan, 1 for each question that it answers rightly. */
	readonly #known = new Map<string, number[]>();

	constructor(tasks: SearchTasks, plans: Pick<Plans, 'losses'>, deps: TaskDeps) {
		this.#tasks = tasks;
		this.#plans = plans;
		this.#deps = deps;
	}

	get limit(): number {
		return this.#tasks.limit;
	}

	count(part: TaskPart): number {
		return this.#tasks.parts[part].questions.length;
	}

	/** Returns the unit resampled for the intervals of a part: groups of questions, or blocks of them; null: none. */
	over(part: TaskPart): ResampledOver | null {
		return this.#draws(part)?.over ?? null;
	}

	/** The fraction that the baseline answers rightly. */
	async baseline(part: TaskPart): Promise<number> {
		const [right] = await this.#right(part, [identity(this.#deps.layers)]);
		return mean(right);
	}

	/** The fraction of questions that a plan loses, paired by question. */
	async drop(part: TaskPart, variant: PlanVariant): Promise<AccuracyDrop> {
		const [drop] = await this.drops(part, [variant]);
		return drop;
	}

	/** The same of several plans, which are asked together: what they have in common runs once. */
	async drops(part: TaskPart, variants: readonly PlanVariant[]): Promise<AccuracyDrop[]> {
		const [before, ...after] = await this.#right(part, [identity(this.#deps.layers), ...variants]);
		const draws = this.#draws(part);
		return after.map((own) =>
			meanInterval(
				before.map((right, question) => right - own[question]),
				draws
			)
		);
	}

	#draws(part: TaskPart) {
		return drawWindows(groupsOf(this.#tasks.parts[part].questions));
	}

	/** 1 for each question that a plan answers rightly, [plans][questions]. */
	async #right(part: TaskPart, variants: readonly PlanVariant[]): Promise<number[][]> {
		const keyOf = (variant: PlanVariant) => `${part} ${caseName(variant)}`;
		const open = new Map<string, PlanVariant>();
		for (const variant of variants) {
			if (!this.#known.has(keyOf(variant))) open.set(caseName(variant), variant);
		}
		await this.#ask(part, open);
		return variants.map((variant) => {
			const right = this.#known.get(keyOf(variant)) ?? this.#answers(part, caseName(variant));
			this.#known.set(keyOf(variant), right);
			return right;
		});
	}

	/** Has the summed loss of every choice measured under each plan, of which the store has none. */
	async #ask(part: TaskPart, named: ReadonlyMap<string, PlanVariant>): Promise<void> {
		if (named.size === 0) return;
		const { choices } = this.#tasks.parts[part];
		const { maxPositions, path, reporter, stores } = this.#deps;
		const [names, variants] = [[...named.keys()], [...named.values()]];
		const store = stores[part];
		const lengthOf = ({ ids }: ChoiceTokens) => filledLength(ids.length, maxPositions);
		for (const length of new Set(choices.map(lengthOf))) {
			const alike = choices.flatMap((each, index) =>
				lengthOf(each) === length ? [{ ...each, index }] : []
			);
			const first = Math.min(...alike.map(({ choiceStart }) => choiceStart));
			const sequences = alike.map(({ ids }) => ({
				ids: [...ids, ...Array<number>(length - ids.length).fill(FILLER)]
			}));
			await this.#plans.losses(variants, sequences, length - first, {
				isMissing: (plan, at) => store.get(alike[at].index, names[plan]) === undefined,
				onLosses: (plan, at, losses) => {
					const { question, index, choiceStart, ids } = alike[at];
					const own = losses.subarray(choiceStart - first, ids.length - first);
					const loss = own.reduce((sum, each) => sum + each, 0);
					checkFinite([loss], path, `a log-likelihood of question ${question + 1}`);
					return store.add({ window: index, case: names[plan], loss });
				},
				onWork: (_, work, at) => reporter.add(work, 'questions', at)
			});
		}
	}

	/** Reads a plan's answers from the store: 1 for each question that it answers rightly, otherwise 0. */
	#answers(part: TaskPart, name: string): number[] {
		const { choices, questions } = this.#tasks.parts[part];
		const found: number[][] = questions.map(() => []);
		for (const [index, { question, choice }] of choices.entries()) {
			const result = this.#deps.stores[part].get(index, name);
			if (result === undefined) throw new Error(`${name} was not asked choice ${index}`);
			found[question][choice] = -result.loss;
		}
		return rightAnswers(questions, found, 'acc');
	}
}

/**
 * Of plans, the cheapest first, the index of the first that keeps accuracy within the limit on the choose part, or else of
 * the one that loses least; and what each that was asked loses, by index. Those after the chosen one are not asked.
 */
export async function keepingAccuracy(
	order: readonly number[],
	variants: readonly PlanVariant[],
	tasks: Pick<AccuracyMeter, 'drop' | 'limit'>
): Promise<{ chosen: number | null; drops: Map<number, AccuracyDrop> }> {
	const drops = new Map<number, AccuracyDrop>();
	for (const at of order) {
		const drop = await tasks.drop('choose', variants[at]);
		drops.set(at, drop);
		if (drop.value <= tasks.limit) return { chosen: at, drops };
	}
	const least = [...drops].sort(([, a], [, b]) => a.value - b.value).at(0);
	return { chosen: least === undefined ? null : least[0], drops };
}
