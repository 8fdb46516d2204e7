import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Words that we gave up, each with its replacement; see Words in CONTRIBUTING.md. */
const BANNED: readonly (readonly [pattern: RegExp, instead: string])[] = [
	[/nats,? a token/i, 'nats/token'],
	[/tokens a second/i, 'tokens/s'],
	[/\d %/, '95%'],
	[/talk and progress|talk to stderr/, 'messages and progress'],
	[/goes for good/, 'is permanently deleted'],
	[/told apart/, 'differ'],
	[/a fault of\s+Spanwise/, 'an internal error'],
	[/what the numbers bear out/i, 'findings'],
	[/bears? out/, 'support'],
	[/attention (is )?left out|layers? alone left out/, 'dropped'],
	[/model as it is/, 'baseline'],
	[/probabilities are had/, 'come from'],
	[/Search a plan/, 'Search for a plan'],
	[/leaves? \d* ?layers? out/, 'drop'],
	[/left-out layer/i, 'dropped layer'],
	[/goes three ways/, 'is split into three parts'],
	[/this text only/, 'they say nothing about other texts']
];

/** Whatever users read (documents, the command's help and messages, screens), and the docstrings. */
const FILES = [
	...['README.md', 'CHANGELOG.md'],
	...['docs', 'cli', 'analysis', 'src/lib', 'src/routes'].flatMap((folder) =>
		readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
	)
].filter((file) => /\.(md|svelte|ts)$/.test(file) && !file.endsWith('.test.ts'));

it('nothing that users read has words that we gave up', () => {
	expect(FILES.length).toBeGreaterThan(200);
	const found = FILES.flatMap((file) =>
		readFileSync(file, 'utf8')
			.split('\n')
			.flatMap((line, index) =>
				BANNED.filter(([pattern]) => pattern.test(line)).map(
					([pattern, instead]) => `${file}:${index + 1}: ${String(pattern)}; write: ${instead}`
				)
			)
	);
	expect(found).toEqual([]);
});
