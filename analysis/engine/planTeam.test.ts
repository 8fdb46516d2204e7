import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../errors.ts';
import { openModel, requireCheckpoint, type CheckpointModel } from '../model/open.ts';
import { CheckpointPlans } from './checkpointPlans.ts';
import { PlanTeam, type PlanThread } from './planTeam.ts';
import { servePlans, type PlanAsk, type PlanMessage, type PlanQuestion } from './planThread.ts';
import type { PlannedLayers } from './forward.ts';
import type { Plans, Sequence } from './plans.ts';

const MODEL = 'models/mini-llama2';
const CONTEXT = 20;
const MEMORY = { resident: true, windowsPerGroup: 1, keptWindows: 2 };

/** A thread that runs in this one; what is said goes through a structured clone, as between threads. */
function threadHere(asked: PlanQuestion[]): PlanThread {
	const said: ((message: PlanMessage) => void)[] = [];
	const heard: ((ask: PlanAsk) => void)[] = [];
	const port = {
		on: (_: 'message', listener: (ask: PlanAsk) => void) => heard.push(listener),
		postMessage: (message: PlanMessage) => {
			for (const listener of said) listener(structuredClone(message));
		}
	};
	const setup = { path: MODEL, memory: MEMORY, context: CONTEXT, threads: 1 };
	const ready = servePlans(port, setup);
	return {
		ask: (ask) => {
			if (ask.verb !== 'stop') asked.push(ask);
			void ready.then(() => {
				for (const listener of heard) listener(structuredClone(ask));
			});
		},
		onMessage: (listener) => said.push(listener),
		onEnd: () => undefined,
		close: async () => (await ready)()
	};
}

const SEQUENCES: Sequence[] = [0, 1, 2].map((window) => ({
	ids: Array.from({ length: CONTEXT }, (_, at) => 5 + ((at * 37 + window * 11) % 200))
}));

function plan(changes: Record<number, number | null> = {}): PlannedLayers {
	return { sources: Array.from({ length: 16 }, (_, layer) => changes[layer] ?? layer) };
}

const PLANS: PlannedLayers[] = [
	plan(),
	{ sources: plan().sources.with(3, null) },
	plan({ 4: 3 }),
	plan({ 4: 3, 5: 3 }),
	{ sources: plan({ 9: 8 }).sources.with(12, null) }
];

let model: CheckpointModel;
let whole: CheckpointPlans;
beforeAll(async () => {
	const opened = await openModel(MODEL);
	requireCheckpoint(opened);
	model = opened;
	whole = new CheckpointPlans(model, { resident: true, windowsPerGroup: 1 }, CONTEXT);
});
const teams: PlanTeam[] = [];
afterAll(async () => {
	for (const team of teams) await team.close();
	await whole.close();
	await model.close();
});

/** Two threads. */
function teamOf(asked: PlanQuestion[]): PlanTeam {
	const team = new PlanTeam([threadHere(asked), threadHere(asked)], () => whole);
	teams.push(team);
	return team;
}

async function lossesOf(plans: Plans, known: ReadonlySet<string> = new Set()) {
	const found = new Map<string, Float64Array>();
	const worked: [plan: number, window: number][] = [];
	await plans.losses(PLANS, SEQUENCES, CONTEXT - 1, {
		isMissing: (at, window) => !known.has(`${at} ${window}`) && !found.has(`${at} ${window}`),
		onLosses: (at, window, losses) => {
			found.set(`${at} ${window}`, losses);
			return Promise.resolve();
		},
		onWork: (at, _, window) => worked.push([at, window])
	});
	return { found, worked };
}

describe('plans that are run in threads', () => {
	it('have the losses that they have one after the other, each measured once', async () => {
		const alone = await lossesOf(whole);
		const asked: PlanQuestion[] = [];
		const team = teamOf(asked);
		const { found, worked } = await lossesOf(team);
		expect(new Set(found.keys())).toEqual(new Set(alone.found.keys()));
		for (const [key, losses] of found)
			for (const [token, loss] of losses.entries())
				expect(Math.abs(loss - (alone.found.get(key)?.[token] ?? NaN))).toBeLessThan(1e-5);
		expect(new Set(worked.map(([, window]) => window))).toEqual(new Set([0, 1, 2]));
		// Three windows for two threads: one is run by both, under different plans.
		expect(asked.map(({ sequences }) => sequences.length)).toEqual([2, 2]);
		const again = await lossesOf(team);
		expect(again.found).toEqual(found);
		// What a thread has is not sent again.
		expect(asked[2].sequences.every(({ ids }) => ids === undefined)).toBe(true);
	});

	it('are not asked for what is known', async () => {
		const asked: PlanQuestion[] = [];
		const team = teamOf(asked);
		const known = new Set(
			PLANS.flatMap((_, at) => [`${at} 0`, `${at} 1`]).filter((key) => key !== '4 1')
		);
		const { found } = await lossesOf(team, known);
		expect(new Set(found.keys())).toEqual(new Set(['0 2', '1 2', '2 2', '3 2', '4 2', '4 1']));
	});

	it('have the output errors and turns of one after the other', async () => {
		const team = teamOf([]);
		const pairs = [
			{ source: 3, follower: 4 },
			{ source: 3, follower: 5 }
		];
		const [found, expected] = [
			await team.outputErrors(pairs, SEQUENCES),
			await whole.outputErrors(pairs, SEQUENCES)
		];
		expect(found.map((each) => each.length)).toEqual([3, 3]);
		for (const [at, errors] of found.entries())
			for (const [window, { missing, own }] of errors.entries()) {
				expect(missing / expected[at][window].missing).toBeCloseTo(1, 5);
				expect(own / expected[at][window].own).toBeCloseTo(1, 5);
			}
		const turned = await team.turned(plan().sources, SEQUENCES);
		for (const [layer, value] of (await whole.turned(plan().sources, SEQUENCES)).entries())
			expect(turned[layer]).toBeCloseTo(value, 6);
	});

	it('are stopped where they are closed, each thread after the layer that it runs', async () => {
		const team = new PlanTeam([threadHere([]), threadHere([])], () => whole);
		const running = lossesOf(team);
		const [closed] = await Promise.allSettled([
			team.close(),
			expect(running).rejects.toThrow('stopped')
		]);
		expect(closed.status).toBe('fulfilled');
	});

	it('fail where a loss cannot be kept', async () => {
		const team = teamOf([]);
		const full = team.losses(PLANS, SEQUENCES, CONTEXT - 1, {
			isMissing: () => true,
			onLosses: () => Promise.reject(new Error('the disk is full'))
		});
		await expect(full).rejects.toThrow('the disk is full');
	});

	it('pass on what is wrong with a model, and that a thread has ended', async () => {
		const failing = (answerOf: (ask: PlanQuestion) => PlanMessage | Error): PlanThread => {
			let notify: (message: PlanMessage) => void = () => undefined;
			let ended: (error: Error) => void = () => undefined;
			return {
				ask: (ask) => {
					if (ask.verb === 'stop') return;
					const answer = answerOf(ask);
					if (answer instanceof Error) ended(answer);
					else notify(answer);
				},
				onMessage: (listener) => (notify = listener),
				onEnd: (listener) => (ended = listener),
				close: () => Promise.resolve()
			};
		};
		const input = failing(({ id }) => ({
			id,
			kind: 'failed',
			fault: 'input',
			message: 'the loss is NaN'
		}));
		await expect(lossesOf(new PlanTeam([input], () => whole))).rejects.toThrow(
			new InputError('the loss is NaN')
		);
		const gone = failing(() => new Error('out of memory'));
		await expect(lossesOf(new PlanTeam([gone], () => whole))).rejects.toThrow('out of memory');
	});
});
