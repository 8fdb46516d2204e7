import { messageOf } from '$analysis/errors.ts';
import { DTYPE_BYTES, savings } from '$analysis/plan/savings.ts';
import { planKey } from '$analysis/plan/key.ts';
import { planMatches } from '$analysis/plan/planFile.ts';
import { mostFollowers } from '$analysis/plan/search.ts';
import { planSpans, spansOf } from '$analysis/plan/spans.ts';
import type { Plan, Savings, Sources, Span, SpanLimits } from '$analysis/plan/types.ts';
import { isPlain, planWords } from '$analysis/text/plan.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';
import type { Similarity } from '$analysis/similarity/types.ts';
import type { SimilarityAnswer } from '../client/api.ts';
import type { Cell } from '$analysis/figure/layout.ts';
import { DamageResults } from './damage.svelte.ts';
import { withHeadMaps } from './edit.ts';
import { evaluationsOf } from './evaluatedPlan.ts';
import { plannedSources } from './planned.ts';
import { PlanSteps } from './planSteps.svelte.ts';
import { SpanEdits } from './spanEdits.ts';
import { Variants } from './variants.svelte.ts';
import { WholePlans } from './wholePlans.svelte.ts';
import { requestJson, similarityFrom } from '../client/request.ts';
import { damageMap, outputMap, recallMap, type MapShown } from '$analysis/publish/mapShown.ts';
import { absence, shownMatrix, shownRange } from '$analysis/publish/shown.ts';
import {
	planText,
	type MapKind,
	type PlanChoice,
	type PlanUrl,
	type Range,
	type RunUrl
} from './url.ts';

/** A word about the last thing done to the plan, and whether it was done. */
export interface Notice {
	text: string;
	kind: 'done' | 'undone' | 'refused' | 'said';
}

/** Everything that is chosen on the run page, and what follows from it. */
export class RunState {
	readonly run: RunRecord;
	readonly layers: number;
	/** State of the page that its address holds. */
	url = $state.raw() as RunUrl;
	hover = $state.raw<Cell | null>(null);
	/** First layer of the chosen span. */
	chosen = $state<number | null>(null);
	/** Something the reader should know about the last thing done to the plan. */
	notice = $state.raw<Notice | null>(null);
	/** Changes of the plan, counted. */
	readonly steps = new PlanSteps();
	/** Edits of its spans and dropped layers by the reader. */
	readonly edits = new SpanEdits(this);
	/** Plans that came whole, by the ids that addresses hold. */
	readonly wholePlans = new WholePlans();
	/** Plans of this run kept side by side. */
	readonly variants: Variants;
	/** Last settings of the sliders; null: never set. */
	#lastChosen: { followers: number | null; threshold: number | null } = {
		followers: null,
		threshold: null
	};
	/** The last similarity that came; stays while the next is on its way. */
	similarity = $state.raw<Similarity | null>(null);
	failure = $state<string | null>(null);
	/** Stored damage of sharing and dropping, where it was measured. */
	readonly damage: DamageResults;

	/** The map on the screen; null while its numbers are not there. */
	readonly shown = $derived.by((): MapShown | null => {
		const { map, show } = this.url;
		const { tables } = this.damage;
		if (map !== 'similarity') {
			const of = { damage: damageMap, recall: recallMap, output: outputMap }[map];
			return tables && of(tables);
		}
		const values = this.similarity && shownMatrix(this.similarity, show);
		return values && { values, missing: null, range: shownRange(values, this.layers, show) };
	});
	readonly absence = $derived.by(() =>
		this.similarity === null ? null : absence(this.similarity, this.url.show)
	);
	readonly range = $derived(this.url.range ?? this.shown?.range ?? ([0, 1] as [number, number]));

	readonly limits = $derived.by((): SpanLimits => ({
		maxSpan: this.url.maxSpan,
		protectedLayers: this.url.protectedLayers,
		slidingWindows: this.run.model.reach
	}));
	readonly most = $derived.by(() => mostFollowers(this.limits, this.layers));
	/** The plan on the screen, or why there is none. */
	readonly plan = $derived.by((): { sources: Sources; problem: string | null } => {
		const own = Array.from({ length: this.layers }, (_, layer) => layer);
		try {
			const matrix = this.similarity?.matrix ?? null;
			const planned = plannedSources(this.url.plan, matrix, this.layers, this.limits);
			return { sources: planned ?? own, problem: null };
		} catch (error) {
			return { sources: own, problem: messageOf(error) };
		}
	});
	/** The plan follows from the similarity, which is on its way. */
	readonly reading = $derived.by(
		() => this.similarity === null && this.failure === null && isPlain(this.plan.sources)
	);
	/** The plan from a file or a search that the one on the screen began as. */
	readonly #origin = $derived.by((): Plan | null => {
		const { origin } = this.url;
		const plan = origin === null ? null : this.wholePlans.get(origin);
		return plan?.model.layers === this.layers ? plan : null;
	});
	/** That plan, while nothing of it is changed. */
	readonly imported = $derived.by((): Plan | null =>
		this.#origin?.sources.join() === this.plan.sources.join() ? this.#origin : null
	);
	/** Spans, with the head maps of the plan that this one began as wherever a follower kept its source. */
	readonly spans = $derived.by((): Span[] => {
		const spans = planSpans(this.plan.sources, this.similarity?.matrix ?? null);
		const given = this.#origin?.spans;
		return given === undefined ? spans : withHeadMaps(spans, given, this.run.model.heads);
	});
	/** The address names a plan from a file that this browser does not have. */
	readonly originMissing = $derived.by(
		() => this.url.origin !== null && this.#origin === null && this.wholePlans.ready
	);
	readonly ranges = $derived.by((): Range[] =>
		this.spans.map(({ source, followers }) => ({
			first: source,
			last: followers.at(-1) ?? source
		}))
	);
	/** Layers whose attention the plan leaves out. */
	readonly dropped = $derived(
		this.plan.sources.flatMap((source, layer) => (source === null ? [layer] : []))
	);
	/** Key of the plan on the screen, equal for plans that compute the same; null: some head maps are not known here. */
	readonly key = $derived.by((): string | null => {
		if (this.imported !== null) return planKey(this.imported);
		if (this.url.metric === 'cosine-matched' && this.spans.length > 0) return null;
		return planKey({ sources: this.plan.sources, spans: this.spans, repair: null });
	});
	/** Stored evaluations of the plan on the screen, newest first. */
	readonly evaluations = $derived.by(() =>
		evaluationsOf(this.damage.source?.results ?? [], this.key)
	);
	/** That the plan on the screen was made for other weights, in words; null: it was not. */
	readonly warning = $derived.by(() =>
		this.imported === null ? null : planMatches(this.imported, this.run.model)
	);
	readonly savings = $derived.by((): Savings =>
		savings(this.run.model, this.plan.sources, {
			context: this.url.context,
			batch: this.url.batch,
			elementBytes: DTYPE_BYTES[this.url.dtype]
		})
	);

	constructor(run: RunRecord, url: RunUrl) {
		this.run = run;
		this.layers = run.model.layers;
		this.url = url;
		this.variants = new Variants(run.id);
		this.damage = new DamageResults(() => this.opened('damage'));
	}

	set(change: Partial<RunUrl>): void {
		this.url = { ...this.url, ...change };
	}

	/** Id of the stored result of a kind that is open; null: none is. */
	opened(kind: string): string | null {
		return this.url.open[kind] ?? null;
	}

	/** Opens a stored result in the place of its kind; null: closes the one that is open. */
	open(kind: string, id: string | null): void {
		const others = Object.entries(this.url.open).filter(([other]) => other !== kind);
		this.set({ open: Object.fromEntries(id === null ? others : [...others, [kind, id]]) });
	}

	/** Goes to an address that the browser went back or forward to; `planOnly`: no further than its plan. */
	restore(url: RunUrl, step: number, planOnly: boolean): void {
		const { plan, origin, maxSpan, protectedLayers } = url;
		const undone = step < this.steps.at;
		const changed = planText(this.url) !== planText(url);
		this.url = planOnly ? { ...this.url, plan, origin, maxSpan, protectedLayers } : url;
		this.steps.show(step);
		this.chosen = null;
		if (!changed) return;
		this.notice = undone
			? { text: 'Plan change undone.', kind: 'undone' }
			: { text: 'Plan change redone.', kind: 'done' };
	}

	/**
	 * Changes the plan: the one place that does. `kind` joins what a slider does while it is dragged into one step. A
	 * plan that nobody can get back by a slider is named, as is what else the change takes away.
	 */
	#change(change: Partial<PlanUrl>, kind: string | null, words: string | null = null): void {
		const next = { ...this.url, ...change };
		this.notice = words === null ? null : { text: words, kind: 'done' };
		if (planText(next) === planText(this.url)) return;
		this.steps.add(kind);
		this.url = next;
	}

	/** Describes the plan that another replaces, if it came whole or was drawn by hand; null: nothing is lost. */
	#replaced(): string | null {
		const { plan } = this.url;
		if (plan.by !== 'hand' || plan.spans.length + plan.dropped.length === 0) return null;
		const from = this.imported === null ? 'drawn by hand' : `made for ${this.imported.model.name}`;
		return `Replaced the plan ${from}: ${planWords(this.plan.sources)}.`;
	}

	/** Chooses how the plan comes about. A plan by hand keeps the head maps of the plan it began as. */
	setPlan(plan: PlanChoice): void {
		if (plan.by === 'followers') this.#lastChosen.followers = plan.followers;
		if (plan.by === 'threshold') this.#lastChosen.threshold = plan.threshold;
		if (plan.by === 'hand') this.#change({ plan }, null);
		else this.#change({ plan, origin: null }, plan.by, this.#replaced());
	}

	/** The plan by a number of followers or a lowest similarity: as it was last set, else as `standard` says. */
	lastChosen(by: 'followers' | 'threshold', standard: number): number {
		return this.#lastChosen[by] ?? standard;
	}

	/** Sets the longest span or the protected layers. */
	setLimits(limits: Partial<Pick<RunUrl, 'maxSpan' | 'protectedLayers'>>): void {
		this.#change(limits, null);
	}

	/**
	 * Shows a plan that came whole, with its head maps and dropped layers; where its weights are others than the
	 * run's, `warning` says so. Throws InputError where its number of layers is another.
	 */
	openPlan(plan: Plan): void {
		// Throws before anything of the plan on the screen has changed.
		planMatches(plan, this.run.model);
		const replaced = this.#replaced();
		this.showPlan(plan.sources, this.wholePlans.put(plan));
		if (replaced !== null) this.notice = { text: replaced, kind: 'done' };
	}

	/** Shows a plan by its sources, which began as the plan `origin`. */
	showPlan(sources: Sources, origin: string | null): void {
		const ranges = spansOf(sources).map(({ source, followers }) => ({
			first: source,
			last: followers.at(-1) ?? source
		}));
		const dropped = sources.flatMap((source, layer) => (source === null ? [layer] : []));
		this.chosen = null;
		this.#change({ plan: { by: 'hand', spans: ranges, dropped }, origin }, null);
	}

	/** Another map begins with a colour range of its own. */
	setMap(map: MapKind): void {
		if (map !== this.url.map) this.set({ map, range: null });
	}

	/** Makes the plan on the screen one by hand, changed. */
	changeByHand(change: { spans?: Range[]; dropped?: number[] }, words: string | null = null): void {
		const repaired = this.imported?.repair != null;
		const plan = { by: 'hand' as const, spans: this.ranges, dropped: this.dropped, ...change };
		const lost = repaired
			? 'The refitted weights belong to the plan as it was: this one has none.'
			: null;
		const text = [words, lost].filter((part) => part !== null).join(' ');
		this.#change({ plan }, null, text === '' ? null : text);
	}

	/** Says why something asked of the plan was not done. */
	refuse(problem: string): void {
		this.notice = { text: problem, kind: 'refused' };
	}

	/** Asks the server for the similarity that the address names. */
	async load(signal: AbortSignal): Promise<void> {
		const { metric, view } = this.url;
		try {
			const answer = await requestJson<SimilarityAnswer>(
				`/api/runs/${this.run.id}/similarity?metric=${metric}&view=${view}`,
				{ signal }
			);
			this.similarity = similarityFrom(answer);
			this.failure = null;
		} catch (error) {
			if (!signal.aborted) this.failure = messageOf(error);
		}
	}
}
