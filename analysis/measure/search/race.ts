import type { SavedPerLayer } from '../../plan/axes.ts';
import { leastCost, paretoFront, type MeasuredCosts } from '../../plan/front.ts';
import type { Sources, SpanLimits } from '../../plan/types.ts';
import { mean } from '../../statistics/figures.ts';
import { isClearlyAbove, type Differences } from './rounds.ts';
import { ALLOWED, FRONT_KINDS, type FrontKind } from './weighed.ts';

/** One decision of a plan, whose damage is measured by itself: a dropped layer, or a span. */
export type Case = { layer: number } | { source: number; last: number };

/** A case and what it adds on the windows, and on the probes, that it was measured on; all contestants on the same ones. */
export interface Contestant {
	of: Case;
	text: readonly number[];
	/** null: it is out of every plan that weighs recall. */
	recall: readonly number[] | null;
}

/** Plans that a case may still be part of: any; only those of text alone; none. */
export type Standing = 'in' | 'text' | 'out';

/** Aim of a race: plans that save at least `fraction`, of each kind, at each weight of recall damage. */
export interface RaceTask {
	fraction: number;
	perLayer: SavedPerLayer;
	limits: SpanLimits;
	layers: number;
	/** 0 is text alone. */
	weights: readonly number[];
}

/** More than any plan costs, nats/token: a case that costs so much less is in the cheapest plan, where any can have it. */
const BONUS = 1000;

/**
 * Returns the standing of each contestant. A case leaves where, for every kind of plan and every weight, the cheapest
 * plan that has it costs clearly more than the cheapest of all: their difference, paired by window and probe, is above
 * 0 with 95% confidence. Damages add up, so both plans are exact; nothing is run. Where some contestants are guesses from
 * below, the cheapest of all is that of the `known`.
 */
export function standings(
	contestants: readonly Contestant[],
	task: RaceTask,
	known: readonly Contestant[] = contestants
): Standing[] {
	const found = contestants.map((): Standing => 'out');
	// Text alone last: who is in under another weight need not be looked at again.
	for (const weight of task.weights.toSorted((a, b) => b - a)) {
		const standing = weight === 0 ? 'text' : 'in';
		const pool = contestants.filter(({ recall }) => weight === 0 || recall !== null);
		for (const kind of FRONT_KINDS) {
			const field = new Field(pool, kind, weight, task, known);
			for (const [at, contestant] of contestants.entries())
				if (found[at] === 'out' && pool.includes(contestant) && field.mayHave(contestant))
					found[at] = standing;
		}
	}
	return found;
}

/** Returns the contestants that are in the cheapest plan of some kind under some weight of recall, text alone aside. */
export function cheapest(contestants: readonly Contestant[], task: RaceTask): Contestant[] {
	const pool = contestants.filter(({ recall }) => recall !== null);
	const fields = task.weights
		.filter((weight) => weight !== 0)
		.flatMap((weight) => FRONT_KINDS.map((kind) => new Field(pool, kind, weight, task)));
	return pool.filter((contestant) => fields.some((field) => field.isBest(contestant)));
}

/** All cases under one kind of plan and one weight. */
class Field {
	readonly #byKey: ReadonlyMap<string, Contestant>;
	readonly #costs: ReadonlyMap<string, number>;
	readonly #kind: FrontKind;
	readonly #weight: number;
	readonly #task: RaceTask;
	readonly #best: readonly string[] | null;

	constructor(
		pool: readonly Contestant[],
		kind: FrontKind,
		weight: number,
		task: RaceTask,
		known: readonly Contestant[] = pool
	) {
		this.#byKey = new Map(pool.map((each) => [keyOf(each.of), each]));
		this.#costs = new Map(
			pool.map(({ of, text, recall }) => [
				keyOf(of),
				mean(text) + (weight === 0 || recall === null ? 0 : weight * mean(recall))
			])
		);
		this.#kind = kind;
		this.#weight = weight;
		this.#task = task;
		this.#best = this.#cheapest(null, new Set(known.map(({ of }) => keyOf(of))));
	}

	isBest({ of }: Contestant): boolean {
		return this.#best?.includes(keyOf(of)) ?? false;
	}

	/** Returns true if the cheapest plan that has a case is not clearly dearer than the cheapest of all. */
	mayHave(contestant: Contestant): boolean {
		const { of } = contestant;
		const { share, drop } = ALLOWED[this.#kind];
		if (!('layer' in of ? drop : share)) return false;
		if (this.isBest(contestant)) return true;
		const own = this.#cheapest(keyOf(of));
		// Without a plan there is nothing to compare: cases that were not measured yet may make one.
		if (this.#best === null || own === null) return true;
		return !isClearlyAbove(this.#differences(own, this.#best));
	}

	/** The cases of the cheapest plan that saves enough, of all plans or of those with a case, made of `among`; null: there is none. */
	#cheapest(forced: string | null, among?: ReadonlySet<string>): string[] | null {
		const { layers, perLayer, limits, fraction } = this.#task;
		const cost = (key: string): number | null => {
			const own = among === undefined || among.has(key) ? this.#costs.get(key) : undefined;
			return own === undefined ? null : key === forced ? own - BONUS : own;
		};
		const costs: MeasuredCosts = {
			drop: Array.from({ length: layers }, (_, layer) => cost(keyOf({ layer }))),
			span: (source, last) => cost(keyOf({ source, last }))
		};
		const front = paretoFront(costs, perLayer, limits, ALLOWED[this.#kind]);
		const plan = leastCost(front, fraction);
		if (plan === null) return null;
		const keys = casesOf(plan.sources).map(keyOf);
		return forced === null || keys.includes(forced) ? keys : null;
	}

	/** Computes the loss that one plan adds more than another, window by window, and probe by probe. */
	#differences(one: readonly string[], other: readonly string[]): Differences[] {
		const [more, less] = [
			one.filter((key) => !other.includes(key)),
			other.filter((key) => !one.includes(key))
		].map((keys) => keys.flatMap((key) => this.#byKey.get(key) ?? []));
		const paired = (of: (each: Contestant) => readonly number[]) => {
			const all = [...more, ...less].map(of);
			return Array.from({ length: all.at(0)?.length ?? 0 }, (_, window) => {
				const sum = (of: readonly (readonly number[])[]) =>
					of.reduce((total, values) => total + values[window], 0);
				return sum(all.slice(0, more.length)) - sum(all.slice(more.length));
			});
		};
		return [
			{ values: paired(({ text }) => text), weight: 1 },
			...(this.#weight === 0
				? []
				: [{ values: paired(({ recall }) => recall ?? []), weight: this.#weight }])
		];
	}
}

/** The dropped layers and the spans of a plan. */
export function casesOf(sources: Sources): Case[] {
	return sources.flatMap((source, layer): Case[] => {
		if (source === null) return [{ layer }];
		const isLast = source !== layer && sources.at(layer + 1) !== source;
		return isLast ? [{ source, last: layer }] : [];
	});
}

export function keyOf(of: Case): string {
	return 'layer' in of ? `${of.layer}` : `${of.source} ${of.last}`;
}
