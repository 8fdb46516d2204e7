import type { Command, Offer } from '../controls/commands.svelte.ts';
import { fuzzyScore } from './fuzzy.ts';

/** Commands drawn at most; whoever looks for another types a letter more. */
const MOST = 60;
/** Of each group, while nothing is typed, so that every group is seen. */
const MOST_UNASKED = 8;

/** The commands that a line finds: first what the line itself says, then the best matches; all of a kind while it is empty. */
export function foundCommands(offers: readonly Offer[], text: string): Command[] {
	const all = offers.flatMap(({ commands }) => commands);
	if (text.trim() === '') {
		const counts = new Map<string, number>();
		return all.filter(({ group, explains }) => {
			const count = (counts.get(group) ?? 0) + 1;
			counts.set(group, count);
			return explains === undefined && count <= MOST_UNASKED;
		});
	}
	const typed = offers.flatMap((offer) => offer.typed?.(text.trim()) ?? []);
	const scored = all.flatMap((command) => {
		const rest = [command.about, command.words, command.group].join(' ');
		const score = fuzzyScore(text, { title: command.title, rest });
		// What can be done stands before what can be read.
		const later = command.explains === undefined ? 0 : 1;
		return score === null ? [] : [{ command, score, later }];
	});
	const best = scored
		.sort((a, b) => a.later - b.later || b.score - a.score)
		.map(({ command }) => command);
	return [...typed, ...best].slice(0, MOST);
}

/** Commands by their groups, the group of the best one first. */
export function grouped(
	commands: readonly Command[]
): { group: string; commands: readonly Command[] }[] {
	const groups = new Map<string, Command[]>();
	for (const command of commands)
		groups.set(command.group, [...(groups.get(command.group) ?? []), command]);
	return [...groups].map(([group, of]) => ({ group, commands: of }));
}
