import { NO_LABEL, type Label } from '../../workspace/labels/label.ts';
import { html, type Html } from './html.ts';

/** Formats the label of a run or a measurement: its name, tags and note; null where it has none of them. */
export function labelPart({ name, tags, note }: Label = NO_LABEL): Html | null {
	if (name === '' && note === '' && tags.length === 0) return null;
	return html`<div class="label">
		${name === '' ? null : html`<span class="name">${name}</span>`}
		${tags.map((tag) => html`<span class="tag">${tag}</span>`)}
		${note === '' ? null : html`<p class="note">${note}</p>`}
	</div>`;
}

/** "mini-llama2: attention sharing", after the name of its run where it has one. */
export function titleWords(model: string, { name }: Label = NO_LABEL): string {
	return `${name === '' ? '' : `${name} · `}${model}: attention sharing`;
}
