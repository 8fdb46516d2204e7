import { mean } from '../../statistics/figures.ts';
import { cheapDamage, dropVariant, spanVariant, type SearchDamage } from './damage.ts';
import type { LossMeter } from './lossMeter.ts';
import type { OutputOf } from './outputs.ts';
import type { PreparedSearch } from './prepare.ts';
import {
	cheapest,
	keyOf,
	standings,
	type Case,
	type Contestant,
	type RaceTask,
	type Standing
} from './race.ts';
import { roundsOf } from './rounds.ts';
import type { RaceReport } from './types.ts';

/** Outcome of a race of damages. */
export interface RacedDamage {
	/** Of every case that was measured, on however many windows. */
	damage: SearchDamage;
	/** Only of cases that are still in, each on all windows: what exact plans are made of. */
	entrants: SearchDamage;
	/** null: everything was measured on all windows. */
	race: RaceReport | null;
}

type Meter = Pick<LossMeter, 'count' | 'addedOnFirst'>;

interface Deps {
	meter: Meter;
	/** null: recall is not measured. */
	recall: Meter | null;
	output: OutputOf;
}

/**
 * Measures what dropped layers and spans add on the search part, on text and, with `recall`, on probes: in rounds of
 * more and more windows, after each of which the cases leave that can be part of no cheapest plan any more (see
 * `standings`). A span longer than two layers is not measured where it would leave even if it cost no more than its
 * beginning, nor recall of a span where it would leave even if it cost as little of it (see `#leastRecall`). Without a `task`
 * every case is measured on all windows. Of a `shortlist` only the spans that drop damage and `output` make the cheapest are
 * measured; it is drawn up before any span is.
 */
export async function raceDamage(
	prepared: Pick<PreparedSearch, 'limits' | 'spans'> & { layout: { layers: number } },
	deps: Deps,
	{ shortlist, task }: { shortlist: number | null; task: RaceTask | null }
): Promise<RacedDamage> {
	const { layout, limits, spans } = prepared;
	const { layers } = layout;
	const drops = Array.from({ length: layers }, (_, layer) => ({ layer })).filter(
		({ layer }) => !limits.protectedLayers.includes(layer)
	);
	const windows = deps.meter.count('search');
	const rounds = task === null ? [windows] : roundsOf(windows);
	const race = new DamageRace(layers, deps, rounds, task);
	await race.measure(drops, 0);
	const byCheap = race.byCheap(spans);
	const listed = byCheap.slice(0, shortlist ?? spans.length);
	const longest = Math.max(0, ...listed.map(({ source, last }) => last - source));
	for (let followers = 1; followers <= longest; followers++) {
		const cases = listed
			.filter(({ source, last }) => last - source === followers)
			.map(({ source, last }) => ({ source, last }));
		await race.measure(race.worthMeasuring(cases), 0);
	}
	const report: RaceReport['rounds'] = [];
	for (const [round, count] of rounds.entries()) {
		const measured = round === 0 ? race.size : race.running().length;
		if (round > 0) await race.measure(race.running(), round);
		if (round < rounds.length - 1) race.leave();
		report.push({ windows: count, measured, dropped: measured - race.running().length });
	}
	const cases = drops.length + listed.length;
	return {
		damage: race.damage(byCheap, ['in', 'text', 'out']),
		entrants: race.damage(byCheap, ['in', 'text']),
		race:
			rounds.length === 1
				? null
				: { cases, unmeasured: cases - race.size, rounds: report, drop: race.windowsOfDrops() }
	};
}

interface Measured extends Contestant {
	standing: Standing;
}

/** Cases as they were measured so far. */
class DamageRace {
	readonly #layers: number;
	readonly #deps: Deps;
	readonly #rounds: readonly number[];
	readonly #task: RaceTask | null;
	readonly #measured = new Map<string, Measured>();

	constructor(layers: number, deps: Deps, rounds: readonly number[], task: RaceTask | null) {
		this.#layers = layers;
		this.#deps = deps;
		this.#rounds = rounds;
		this.#task = task;
	}

	get size(): number {
		return this.#measured.size;
	}

	/**
	 * Measures cases on the windows and probes of a round: first all of them on text, and then recall of those that may be in
	 * a plan that weighs it, for all that is known by then.
	 */
	async measure(cases: readonly Case[], round: number): Promise<void> {
		const { meter, recall } = this.#deps;
		const windows = this.#rounds[round];
		const text = await meter.addedOnFirst('search', cases.map(this.#variant), windows);
		for (const [at, of] of cases.entries()) {
			const before = this.#measured.get(keyOf(of));
			this.#measured.set(keyOf(of), {
				of,
				text: text[at],
				recall: before?.recall ?? null,
				standing: before?.standing ?? 'in'
			});
		}
		if (recall === null) return;
		if (round > 0) this.leave();
		const isLast = round === this.#rounds.length - 1;
		const probes = isLast ? recall.count('search') : windows;
		const weigh = async (weighed: readonly Measured[]) => {
			const variants = weighed.map(({ of }) => this.#variant(of));
			const recalled = await recall.addedOnFirst('search', variants, probes);
			for (const [at, each] of weighed.entries()) each.recall = recalled[at];
		};
		const asked = cases.flatMap((of) => this.#measured.get(keyOf(of)) ?? []);
		if (round === 0 && this.#task !== null) await this.#weighNew(asked, this.#task, weigh);
		await weigh(asked.filter(({ standing }) => standing === 'in'));
	}

	/**
	 * Measures recall of some new cases: of dropped layers, and of the spans that the cheapest plans are made of if each costs
	 * the least recall (`#leastRecall`); again, until those plans are made of what was weighed. Spans that leave beside them even
	 * so need no weighing.
	 */
	async #weighNew(
		cases: readonly Measured[],
		task: RaceTask,
		weigh: (weighed: readonly Measured[]) => Promise<void>
	): Promise<void> {
		await weigh(cases.filter(({ of }) => 'layer' in of));
		for (;;) {
			const open = cases.filter(({ recall }) => recall === null);
			const assumed = open.map((each): Contestant & { each: Measured } => {
				return { ...each, recall: this.#leastRecall(each.of), each };
			});
			const isOpen = new Set(open.map(({ of }) => keyOf(of)));
			// Those out of every plan that weighs recall among them: a plan of text alone may be cheapest with both.
			const known = this.#contestants().filter(({ of }) => !isOpen.has(keyOf(of)));
			const all = [...known, ...assumed];
			const wanted = cheapest(all, task);
			const next = assumed.filter((each) => wanted.includes(each)).map(({ each }) => each);
			if (next.length === 0) {
				const found = standings(all, task).slice(known.length);
				for (const [at, each] of open.entries()) each.standing = found[at];
				return;
			}
			await weigh(next);
		}
	}

	/**
	 * The least recall that a case is taken to cost: what the same span without its last layer does, where that was measured,
	 * else what the dropped layer does that costs least of it, but at most 0.
	 */
	#leastRecall(of: Case): readonly number[] {
		return this.#beginning(of)?.recall ?? this.#leastOfDrops();
	}

	#leastOfDrops(): readonly number[] {
		const drops = [...this.#measured.values()].flatMap(({ of, recall }) =>
			'layer' in of && recall !== null ? [recall] : []
		);
		const least = drops.toSorted((a, b) => mean(a) - mean(b)).at(0);
		return least === undefined || mean(least) > 0 ? (drops.at(0) ?? []).map(() => 0) : least;
	}

	/** A span without its last layer, where that was measured. */
	#beginning(of: Case): Measured | undefined {
		return 'layer' in of
			? undefined
			: this.#measured.get(keyOf({ source: of.source, last: of.last - 1 }));
	}

	readonly #variant = (of: Case) =>
		'layer' in of
			? dropVariant(this.#layers, of.layer)
			: spanVariant(this.#layers, of.source, of.last);

	/** Those of some spans that would stay in if they cost no more than the same span without its last layer. */
	worthMeasuring<Span extends { source: number; last: number }>(spans: readonly Span[]): Span[] {
		const task = this.#task;
		if (task === null) return [...spans];
		const assumed = spans.flatMap(({ source, last }) => {
			const beginning = this.#beginning({ source, last });
			// A beginning may have left before its recall was measured; the longer span, which saves more, may stay.
			const recall = this.#deps.recall && this.#leastRecall({ source, last });
			return beginning === undefined ? [] : [{ ...beginning, of: { source, last }, recall }];
		});
		const known = this.#contestants();
		const found = standings([...known, ...assumed], task, known).slice(known.length);
		const out = assumed.filter((_, at) => found[at] === 'out').map(({ of }) => keyOf(of));
		return spans.filter(({ source, last }) => {
			// Of a span of two layers the beginning is one layer: nothing is known of it.
			const isKnown = last - source === 1 || this.#beginning({ source, last }) !== undefined;
			return isKnown && !out.includes(keyOf({ source, last }));
		});
	}

	/** Lets the cases leave that can be part of no cheapest plan any more. */
	leave(): void {
		const task = this.#task;
		if (task === null) return;
		const running = this.#running();
		const found = standings(this.#contestants(), task);
		for (const [at, each] of running.entries()) each.standing = found[at];
	}

	running(): Case[] {
		return this.#running().map(({ of }) => of);
	}

	#running(): Measured[] {
		return [...this.#measured.values()].filter(({ standing }) => standing !== 'out');
	}

	#contestants(): Contestant[] {
		return this.#running().map(({ of, text, recall, standing }) => ({
			of,
			text,
			recall: standing === 'in' ? recall : null
		}));
	}

	/** Per layer, of how many windows its drop damage is the mean; 0: protected. */
	windowsOfDrops(): number[] {
		return Array.from(
			{ length: this.#layers },
			(_, layer) => this.#measured.get(keyOf({ layer }))?.text.length ?? 0
		);
	}

	/** Spans by what drop damage and `output` make of them, cheapest first. */
	byCheap(spans: readonly { source: number; last: number }[]) {
		const drop = this.#drops(({ text }) => mean(text));
		return spans
			.map(({ source, last }) => ({
				source,
				last,
				cheap: cheapDamage(source, last, drop, this.#deps.output)
			}))
			.sort((a, b) => a.cheap - b.cheap);
	}

	#drops(of: (measured: Measured) => number | null): (number | null)[] {
		return Array.from({ length: this.#layers }, (_, layer) => {
			const measured = this.#measured.get(keyOf({ layer }));
			return measured === undefined ? null : of(measured);
		});
	}

	/** Means of the cases that stand so; of entrants recall only where it was measured on every probe. */
	damage(
		spans: readonly { source: number; last: number; cheap: number }[],
		standing: readonly Standing[]
	): SearchDamage {
		const text = (each: Measured | undefined) =>
			each !== undefined && standing.includes(each.standing) ? mean(each.text) : null;
		const recall = (each: Measured | undefined) => {
			const isCounted = each?.standing === 'in' || (each && standing.includes('out'));
			return isCounted && each.recall !== null ? mean(each.recall) : null;
		};
		const isMeasured = this.#deps.recall !== null;
		return {
			drop: this.#drops(text),
			recallDrop: isMeasured ? this.#drops(recall) : null,
			spans: spans.map((span) => {
				const each = this.#measured.get(keyOf({ source: span.source, last: span.last }));
				return {
					...span,
					measured: text(each),
					...(each !== undefined && { windows: each.text.length }),
					...(isMeasured && { recall: recall(each) })
				};
			})
		};
	}
}
