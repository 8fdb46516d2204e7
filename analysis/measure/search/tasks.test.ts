import { describe, expect, it } from 'vitest';
import { Reporter } from '../../telemetry/reporter.ts';
import type { Plans } from '../../engine/plans.ts';
import type { Tokenizer } from '../../model/tokens/types.ts';
import { keepingAccuracy, searchTasks, AccuracyMeter } from './tasks.ts';
import type { LossStore } from './planRunner.ts';
import type { AccuracyDrop } from './types.ts';

/** A token for each letter: a is 1, b is 2; a space is 0. */
const letters: Tokenizer = {
	sha256: '',
	bosId: null,
	encode: (text) =>
		Promise.resolve({
			ids: Array.from(text, (letter) => 'abcdefgh'.indexOf(letter) + 1),
			starts: () => Array.from(text, (_, at) => at),
			settled: text.length
		}),
	pieces: (ids) => ids.map(String),
	byteLengths: (ids) => ids.map(() => 1)
};

/** Four questions, whose right answers are a, b, a, b in turn; two of each part. */
const questions = ['a', 'b', 'a', 'b'].map((right, at) => ({
	prompt: 'cc',
	choices: [' a', ' b'],
	answer: right === 'a' ? 0 : 1,
	group: `group ${at}`
}));

/** A model to which the letter a costs 1 and b costs 2, and with its first layer dropped the other way round. */
const plans: Pick<Plans, 'losses'> = {
	async losses(variants, sequences, scored, sink) {
		for (const [plan, { sources }] of variants.entries()) {
			if (!sequences.some((_, at) => sink.isMissing(plan, at))) continue;
			const [a, b] = sources[0] === null ? [2, 1] : [1, 2];
			for (const [at, { ids }] of sequences.entries()) {
				const losses = ids.slice(-scored).map((id) => (id === 1 ? a : id === 2 ? b : 0));
				await sink.onLosses(plan, at, Float64Array.from(losses));
			}
		}
	}
};
const reporter = new Reporter({ work: 1, layers: 2, windows: 1, context: 4 }, () => undefined);
const deps = { layers: 2, maxPositions: 64, path: 'model', reporter };

/** Losses as a file keeps them, in memory. */
function memory(): LossStore {
	const kept = new Map<string, { loss: number }>();
	return {
		get: (window, name) => kept.get(`${window} ${name}`),
		add: (result) => {
			kept.set(`${result.window} ${result.case}`, result);
			return Promise.resolve();
		}
	};
}

async function meter(limit: number, model = plans, stores = newStores()): Promise<AccuracyMeter> {
	const tasks = await searchTasks({ questions, maxAccuracyDrop: limit }, letters, 64);
	if (tasks === null) throw new TypeError('no tasks');
	return new AccuracyMeter(tasks, model, { ...deps, stores });
}
const newStores = () => ({ choose: memory(), report: memory() });

describe('questions as a limit of a search', () => {
	it('are asked by halves: every other one to choose by, the rest to report', async () => {
		const tasks = await searchTasks({ questions, maxAccuracyDrop: 0.1 }, letters, 64);
		expect(tasks?.parts.choose.questions.map(({ group }) => group)).toEqual(['group 0', 'group 2']);
		expect(tasks?.parts.report.questions.map(({ group }) => group)).toEqual(['group 1', 'group 3']);
		expect(tasks?.limit).toBe(0.1);
	});

	it('have the accuracy of the likelier choice, and what a plan loses of it', async () => {
		const asked = await meter(0.1);
		// The baseline says a: right of both questions to choose by, and of neither of the others.
		expect(await asked.baseline('choose')).toBe(1);
		expect(await asked.baseline('report')).toBe(0);
		const turned = { sources: [null, 1] };
		expect(await asked.drop('choose', turned)).toEqual({ value: 1, low: 1, high: 1 });
		expect(await asked.drop('report', turned)).toEqual({ value: -1, low: -1, high: -1 });
		expect((await asked.drop('choose', { sources: [0, 0] })).value).toBe(0);
		// Asked together, and one of them twice, they lose what each loses by itself.
		const together = await (
			await meter(0.1)
		).drops('choose', [turned, { sources: [0, 0] }, turned]);
		expect(together.map(({ value }) => value)).toEqual([1, 0, 1]);
	});

	it('are not asked again where the answers were kept', async () => {
		const stores = newStores();
		const turned = { sources: [null, 1] };
		const first = await (await meter(0.1, plans, stores)).drop('choose', turned);
		const asked: boolean[] = [];
		const silent: typeof plans = {
			losses: (variants, sequences, _, sink) => {
				for (const plan of variants.keys())
					for (const at of sequences.keys()) asked.push(sink.isMissing(plan, at));
				return Promise.resolve();
			}
		};
		const again = await meter(0.1, silent, stores);
		expect(await again.drop('choose', turned)).toEqual(first);
		// Two questions of two choices, the baseline and the plan.
		expect(asked).toEqual(Array(8).fill(false));
		await expect(again.drop('report', turned)).rejects.toThrow('was not asked choice 0');
	});

	it('whose log-likelihood is no number are refused, and nothing is kept of them', async () => {
		const stores = newStores();
		const broken: typeof plans = {
			losses: (variants, sequences, scored, sink) =>
				sink.onLosses(0, 0, new Float64Array(scored).fill(NaN))
		};
		await expect((await meter(0.1, broken, stores)).baseline('choose')).rejects.toThrow(
			'model: a log-likelihood of question 1 is NaN; expected a number'
		);
		expect(stores.choose.get(0, 'plan 0 1')).toBeUndefined();
	});

	it('are left to the default limit, and none where there are none', async () => {
		expect((await searchTasks({ questions }, letters, 64))?.limit).toBe(0.02);
		expect(await searchTasks({}, letters, 64)).toBeNull();
	});

	it('are refused where there are too few, and a limit where there are none', async () => {
		await expect(searchTasks({ maxAccuracyDrop: 0.1 }, letters, 64)).rejects.toThrow(
			'maxAccuracyDrop: no questions to judge it by; give them with --choices'
		);
		await expect(searchTasks({ questions: questions.slice(1, 2) }, letters, 64)).rejects.toThrow(
			'questions: 1; at least 2 are needed, one to choose by and one to report'
		);
	});
});

describe('the plan that keeps accuracy', () => {
	const variants = [0, 1, 2].map((source) => ({ sources: [source] }));
	const losing = (...values: number[]) => ({
		limit: 0.02,
		drop: (_: string, { sources }: { sources: readonly (number | null)[] }) =>
			Promise.resolve<AccuracyDrop>({ value: values[sources[0] ?? 0], low: null, high: null })
	});

	it('is the first that loses no more than the limit; those after it are not asked', async () => {
		const { chosen, drops } = await keepingAccuracy([2, 0, 1], variants, losing(0.02, 0, 0.3));
		expect(chosen).toBe(0);
		expect([...drops.keys()]).toEqual([2, 0]);
	});

	it('is the one that loses least where none keeps within it', async () => {
		const { chosen, drops } = await keepingAccuracy([2, 0, 1], variants, losing(0.5, 0.1, 0.3));
		expect(chosen).toBe(1);
		expect(drops.size).toBe(3);
	});
});
