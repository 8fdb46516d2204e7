import { createContext } from 'svelte';
import { messageOf } from '$analysis/errors.ts';
import { NO_LABEL, type Label, type Labelled } from '$analysis/workspace/labels/label.ts';
import type { LabelChange, LabelConflict, LabelsAnswer } from '../client/api.ts';
import { changeWords } from './words.ts';

/** A run or a result, and what it is called without a name. */
export interface Subject {
	of: Labelled;
	id: string;
	title: string;
}

/** A word about the last change, and what takes it back. */
export interface LabelNotice {
	text: string;
	kind: 'done' | 'undone' | 'failed';
	back: (() => void) | null;
}

/** Outcome of a change: the label as it is now, the conflicting one that stands there, or the reason of a refusal. */
export type Outcome =
	| { label: Label; conflict: null; problem: null }
	| { label: null; conflict: LabelConflict; problem: null }
	| { label: null; conflict: null; problem: string };

/** Labels of runs and results, the same on all pages. One instance a visit, handed down by context. */
export class LabelBook {
	#answer = $state.raw() as LabelsAnswer;
	notice = $state.raw<LabelNotice | null>(null);
	/** Run or result whose label the dialog edits; null: the dialog is closed. */
	editing = $state.raw<Subject | null>(null);
	/** Reason that nothing can be changed, in a sentence; null: it can. */
	readonly readOnly = $derived.by(() =>
		this.#answer.readOnly === null
			? null
			: `This workspace can only be looked at: ${this.#answer.readOnly}.`
	);
	readonly problems = $derived.by(() => this.#answer.problems);
	/** Every tag in use, for suggestions. */
	readonly tags = $derived.by(() => {
		const { runs, results } = this.#answer.labels;
		const all = [...Object.values(runs), ...Object.values(results)].flatMap(({ tags }) => tags);
		return all
			.filter((tag, index) => all.indexOf(tag) === index)
			.sort((a, b) => a.localeCompare(b));
	});

	constructor(answer: LabelsAnswer) {
		this.#answer = answer;
	}

	/** Takes what the server says now. */
	take(answer: LabelsAnswer): void {
		this.#answer = answer;
	}

	of(of: Labelled, id: string): Label {
		return this.#answer.labels[of][id] ?? NO_LABEL;
	}

	isPinned(of: Labelled, id: string): boolean {
		return this.of(of, id).pinned;
	}

	/** Asks the server for a change of what was shown, and says so with the way back. */
	async change(
		subject: Subject,
		change: LabelChange,
		kind: 'done' | 'undone' = 'done'
	): Promise<Outcome> {
		const outcome = await sent(subject, change);
		if (outcome.conflict !== null) this.#put(subject, outcome.conflict.label);
		if (outcome.label === null) return outcome;
		const { label } = outcome;
		this.#put(subject, label);
		const { was, next } = change;
		this.notice = {
			text: kind === 'undone' ? 'Label change undone.' : changeWords(was, next),
			kind,
			back: () => void this.#back(subject, { was: next, next: was }, kind)
		};
		return outcome;
	}

	async togglePin(subject: Subject): Promise<void> {
		const was = this.of(subject.of, subject.id);
		this.#say(await this.change(subject, { was, next: { ...was, pinned: !was.pinned } }));
	}

	async #back(subject: Subject, change: LabelChange, kind: 'done' | 'undone'): Promise<void> {
		this.#say(await this.change(subject, change, kind === 'done' ? 'undone' : 'done'));
	}

	/** Says what went wrong where no form does. */
	#say({ conflict, problem }: Outcome): void {
		const text = conflict?.message ?? problem;
		if (text !== null) this.notice = { text, kind: 'failed', back: null };
	}

	#put({ of, id }: Subject, label: Label): void {
		const { labels } = this.#answer;
		const changed = { ...labels, [of]: { ...labels[of], [id]: label } };
		this.#answer = { ...this.#answer, labels: changed };
	}
}

async function sent({ of, id }: Subject, change: LabelChange): Promise<Outcome> {
	try {
		const response = await fetch(`/api/labels/${of}/${encodeURIComponent(id)}`, {
			method: 'PUT',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(change)
		});
		const body: unknown = await response.json();
		if (response.ok) return { label: body as Label, conflict: null, problem: null };
		const refused = body as LabelConflict;
		if (response.status === 409) return { label: null, conflict: refused, problem: null };
		return { label: null, conflict: null, problem: refused.message };
	} catch (error) {
		return { label: null, conflict: null, problem: messageOf(error) };
	}
}

export const [getLabels, setLabels] = createContext<LabelBook>();
