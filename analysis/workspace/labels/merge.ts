import type { Label } from './label.ts';

/** A label after a change, and the fields that someone else has changed to something else meanwhile. */
export interface Merged {
	label: Label;
	conflicts: ('name' | 'note')[];
}

/**
 * Makes the change from `was` to `next` on `current`, which may have changed since `was` was read: a field that the change
 * leaves alone stays as it is now, tags are added and taken off one by one, and a text that both have changed stays as it is
 * now and is a conflict.
 */
export function mergeLabels(current: Label, was: Label, next: Label): Merged {
	const conflicts: Merged['conflicts'] = [];
	const text = (field: 'name' | 'note'): string => {
		if (next[field] === was[field]) return current[field];
		if (current[field] === was[field] || current[field] === next[field]) return next[field];
		conflicts.push(field);
		return current[field];
	};
	const added = next.tags.filter((tag) => !was.tags.includes(tag));
	const gone = was.tags.filter((tag) => !next.tags.includes(tag));
	const tags = [...new Set([...current.tags, ...added])]
		.filter((tag) => !gone.includes(tag))
		.sort((a, b) => a.localeCompare(b));
	const pinned = next.pinned === was.pinned ? current.pinned : next.pinned;
	return { label: { name: text('name'), note: text('note'), tags, pinned }, conflicts };
}
