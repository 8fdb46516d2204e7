import type { Label } from '$analysis/workspace/labels/label.ts';

/** Describes a change of a label in a sentence or two: "Named “first try”. Pinned." */
export function changeWords(was: Label, now: Label): string {
	const parts: string[] = [];
	if (now.name !== was.name) parts.push(now.name === '' ? 'Name removed.' : `Named “${now.name}”.`);
	const added = now.tags.filter((tag) => !was.tags.includes(tag));
	const gone = was.tags.filter((tag) => !now.tags.includes(tag));
	if (added.length > 0) parts.push(`Tagged ${added.join(', ')}.`);
	if (gone.length > 0) parts.push(`Tag removed: ${gone.join(', ')}.`);
	if (now.note !== was.note) parts.push(now.note === '' ? 'Note removed.' : 'Note saved.');
	if (now.pinned !== was.pinned) parts.push(now.pinned ? 'Pinned.' : 'No longer pinned.');
	return parts.length === 0 ? 'Nothing changed.' : parts.join(' ');
}
