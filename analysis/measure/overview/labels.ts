import { NO_LABEL, type Label } from '../../workspace/labels/label.ts';

/** Label of a run or result, as columns; null: not set. */
export interface LabelColumns {
	label: string | null;
	/** Between blanks. */
	tags: string | null;
	note: string | null;
	pinned: 'yes' | null;
}

/** A label as columns of a table. */
export function labelColumns({ name, note, tags, pinned }: Label = NO_LABEL): LabelColumns {
	return {
		label: name || null,
		tags: tags.join(' ') || null,
		note: note || null,
		pinned: pinned ? 'yes' : null
	};
}
