import { expect, it } from 'vitest';
import type { Command, Offer } from '../controls/commands.svelte.ts';
import { foundCommands, grouped } from './found.ts';

const command = (group: string, title: string, more: Partial<Command> = {}): Command => ({
	...{ id: `${group} ${title}`, group, title, run: () => undefined },
	...more
});
const offers: Offer[] = [
	{
		commands: [command('Metric', 'cosine'), command('Metric', 'hellinger')],
		typed: (text) => (text === '3 7' ? [command('Go', 'Layers 3 and 7')] : [])
	},
	{
		commands: [
			...Array.from({ length: 12 }, (_, index) => command('Runs', `run ${index}`)),
			command('Runs', 'mini', { about: 'walden', words: 'paper draft' }),
			command('What is', 'cosine', {
				id: 'term',
				explains: { name: 'cosine', sentence: 'How alike.' }
			})
		]
	}
];
const titles = (text: string) => foundCommands(offers, text).map(({ title }) => title);

it('shows some of every group while nothing is typed, and no explanations', () => {
	const groups = grouped(foundCommands(offers, ' '));
	expect(groups.map(({ group, commands }) => [group, commands.length])).toEqual([
		['Metric', 2],
		['Runs', 8]
	]);
});
it('finds by title, by tag, by what is told beside, and an explanation', () => {
	expect(titles('paper')).toEqual(['mini']);
	expect(titles('walden')).toEqual(['mini']);
	expect(foundCommands(offers, 'cosine').map(({ group }) => group)).toEqual(['Metric', 'What is']);
	expect(titles('run 11')).toEqual(['run 11']);
});
it('puts first what the line itself says', () => {
	expect(titles('3 7')[0]).toBe('Layers 3 and 7');
});
