import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Words that we gave up, each with its replacement; see Words in CONTRIBUTING.md. */
const BANNED: readonly (readonly [pattern: RegExp, instead: string])[] = [
	[/nats,? a token/i, 'nats/token'],
	[/tokens a second/i, 'tokens/s'],
	[/\d %/, '95%'],
	[/talk and progress|talk to stderr/, 'messages and progress'],
	[/\bgo(es)? for good/, 'is permanently deleted'],
	[/told apart/, 'differ'],
	[/a fault of\s+Spanwise/, 'an internal error'],
	[/(name|title): 'reach'/i, 'sliding window'],
	[/windows of different length/, 'different sliding windows'],
	[/both ways (are|have|run)/, 'baseline and planned'],
	[/\ba share (of|from 0)|[<=]share>/, 'fraction'],
	[/what the numbers bear out/i, 'findings'],
	[/bears? out/, 'support'],
	[/attention (is )?left out|layers? alone left out/, 'dropped'],
	[/model as it is/, 'baseline'],
	[/probabilities are had/, 'come from'],
	[/Search a plan/, 'Search for a plan'],
	[/leaves? \d* ?layers? out/, 'drop'],
	[/left-out layer/i, 'dropped layer'],
	[/goes three ways/, 'is split into three parts'],
	[/this text only/, 'they say nothing about other texts'],
	[/nor FLOPs tell/, 'predict speed'],
	[/What so many followers save of the KV cache/, 'Save as much KV cache as N followers would'],
	[/At least a share of/, 'Save at least this fraction'],
	[/Leave the attention/, 'Drop the attention'],
	[/attention was left out|followers and \S+ left out|layer \S+ is left out/, 'dropped'],
	[/\d layers (are )?left out|layers are left out/, 'dropped'],
	[/not told from 0/, '95% CI includes 0'],
	[/'Not decided/, 'Inconclusive'],
	[/\} is no longer`/, 'Text too short: …'],
	[/the others are left out/, 'Texts too short: …'],
	[
		/these are other weights|the same in another form/,
		'different weights or a different file format'
	],
	[/as it is and with/, 'baseline and planned'],
	[/(head|hidden) width/, 'head dim, hidden size'],
	[/Along the depth/, 'by relative depth'],
	[/Reading the (sums|damage|heads)/, 'Loading …'],
	[/whose types stay/, 'which keep their dtypes'],
	[/does away with/, 'removes'],
	[/tells the length|left to tell/, 'the graph reads the length from …'],
	[/questions of multiple choice/i, 'multiple-choice questions'],
	[/processor time/, 'CPU time'],
	[/\b(bytes|queries|rounds|windows|tokens|operations),? an? (token|window|side|second)\b/i, 'per'],
	[/expected one a line|, one a line/, 'one per line'],
	[/\/\*\* (Why|What|Where|How|Whether|Who)\b/, 'a verb or a noun']
];

/** Whatever users read (documents, the command's help and messages, screens), and the docstrings. */
const FILES = [
	...['README.md', 'CHANGELOG.md', 'ARCHITECTURE.md', 'models/README.md', 'python/README.md'],
	...['docs', 'cli', 'analysis', 'src/lib', 'src/routes'].flatMap((folder) =>
		readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
	)
].filter((file) => /\.(md|svelte|ts)$/.test(file) && !file.endsWith('.test.ts'));

/** What stands between two words: a blank, or the end of a line, behind which a comment goes on. */
const GAP = String.raw`(?: |\n\s*(?:\* )?)`;
const PATTERNS = BANNED.map(([{ source, flags }, instead]) => ({
	pattern: new RegExp(source.replaceAll(' ', GAP), `${flags}g`),
	instead
}));

/** Banned phrases in a text, each with its file and line. */
function phrasesIn(file: string, text: string): string[] {
	return PATTERNS.flatMap(({ pattern, instead }) =>
		[...text.matchAll(pattern)].map(({ 0: found, index }) => {
			const line = text.slice(0, index).split('\n').length;
			return `${file}:${line}: ${found}; write: ${instead}`;
		})
	);
}

it('nothing that users read has words that we gave up', () => {
	expect(FILES.length).toBeGreaterThan(200);
	const found = FILES.flatMap((file) => phrasesIn(file, readFileSync(file, 'utf8')));
	expect(found).toEqual([]);
});
