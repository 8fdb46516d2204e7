import { describe, expect, it } from 'vitest';
import { blocksOf, documentPaths, examplesOf, staleEntries, strayCommands } from './collect.ts';

const DOCUMENT = `Before.

\`\`\`sh
# A comment
npx spanwise models \\
  --json
npx spanwise devices
\`\`\`

    indented

    npm start
\`\`\`text
out
\`\`\`

\`\`\`sh
npx spanwise models
\`\`\`

prints

\`\`\`text
one
two
\`\`\`

\`\`\`python
import this
\`\`\`
`;

describe('a document', () => {
	it('has fenced and indented blocks, each with its first line', () => {
		const found = blocksOf(DOCUMENT).map(({ line, language }) => [line, language]);
		expect(found).toEqual([
			[4, 'sh'],
			[10, null],
			[12, null],
			[14, 'text'],
			[18, 'sh'],
			[24, 'text'],
			[29, 'python']
		]);
	});
	it('has the commands of its sh blocks as examples, and the output shown below one of a single command', () => {
		expect(examplesOf('any.md', DOCUMENT)).toEqual([
			{ command: 'npx spanwise models    --json', shown: null },
			{ command: 'npx spanwise devices', shown: null },
			{ command: 'npx spanwise models', shown: 'one\ntwo\n' }
		]);
	});
	it('says which commands are neither run nor listed', () => {
		expect(strayCommands('any.md', DOCUMENT)).toEqual([
			'any.md:12: npm start',
			'any.md:29: import this'
		]);
		const text = '```sh\nnpm start\n```\n\n```text\nspanwise models\n```\n';
		expect(strayCommands('any.md', text)).toEqual([
			'any.md:2: npm start',
			'any.md:6: spanwise models'
		]);
	});
	it.each(documentPaths())('%s has no command that is neither run nor listed', (path) => {
		expect(strayCommands(path)).toEqual([]);
	});
});

it('what is listed as not run is in a document', () => {
	expect(staleEntries()).toEqual([]);
});

it('README.md and docs/ have examples', () => {
	expect(examplesOf('README.md')).toHaveLength(5);
	expect(examplesOf('docs/guide.md').length).toBeGreaterThan(20);
	expect(examplesOf('docs/machines.md')).toHaveLength(4);
});
