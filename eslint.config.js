import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/** What some files must not import, and why. */
function forbid(files, patterns) {
	return {
		files,
		ignores: ['**/*.test.ts'],
		rules: {
			'no-restricted-imports': [
				'error',
				{ patterns: patterns.filter(({ group, regex }) => regex !== '' && group?.length !== 0) }
			]
		}
	};
}

const noInterface = {
	group: ['svelte', 'svelte/*', '@sveltejs/*', '$app/*', '$lib/*', '**/src/**', '**/cli/**'],
	message: 'analysis/ knows neither Svelte nor HTTP.'
};
const noHttp = {
	group: ['node:http', 'node:https', 'node:http2', 'http', 'https', 'http2', 'express'],
	message: 'analysis/ knows neither Svelte nor HTTP.'
};
const noRuntime = {
	group: ['onnxruntime-*'],
	message: 'Only analysis/engine/ imports onnxruntime-node.'
};
const noNode = { group: ['node:*'], message: 'The browser runs this room too.' };

/** Rooms by rank, lowest first: each imports itself and those of lower ranks. */
const analysisRanks = [
	['edge', 'process'],
	['proto', 'statistics', 'text', 'telemetry'],
	['model'],
	['graph'],
	['similarity'],
	['plan'],
	['rewrite'],
	['engine'],
	['workspace'],
	['compare', 'figure'],
	['apply'],
	['measure'],
	['publish']
];
const pageRanks = [
	['client'],
	['colour'],
	['controls'],
	['figure'],
	['chart', 'heatmap', 'table', 'palette'],
	['jobs', 'forms', 'state', 'labels'],
	['measure'],
	['tabs'],
	['pages']
];
/** Rooms that the browser runs too. */
const portable = ['statistics', 'text', 'similarity', 'plan', 'figure'];
/** Rooms in rooms that know nothing of one another. */
const kinds = ['analyze', 'damage', 'evaluate', 'search', 'bench', 'tune'];
const tabs = ['map', 'evaluate', 'search', 'bench', 'tune'];
const pages = ['home', 'run', 'compare', 'model', 'results'];

/** Rooms that `room` must not import: its neighbours of the same rank, and all of higher ones. */
function above(ranks, room) {
	const rank = ranks.findIndex((names) => names.includes(room));
	return ranks
		.slice(rank)
		.flat()
		.filter((name) => name !== room);
}
const into = (names, prefix) =>
	names.length === 0 ? '' : `^(\\.\\./)+(${names.join('|')})/|^${prefix}(${names.join('|')})/`;
const rooms = [
	...analysisRanks.flat().map((room) =>
		forbid(
			[`analysis/${room}/**/*.ts`],
			[
				noInterface,
				noHttp,
				...(room === 'engine' ? [] : [noRuntime]),
				...(portable.includes(room) ? [noNode] : []),
				{
					regex: into(above(analysisRanks, room), '\\$analysis/'),
					message: `analysis/${room}/ imports only rooms of lower ranks.`
				}
			]
		)
	),
	...kinds.map((kind) =>
		forbid(
			[`analysis/measure/${kind}/**/*.ts`],
			[
				noInterface,
				noHttp,
				noRuntime,
				{
					regex: `^(\\.\\./)+(${kinds.filter((other) => other !== kind).join('|')})/`,
					message: 'A kind of measurement knows no other kind.'
				}
			]
		)
	),
	...pageRanks.flat().map((room) =>
		forbid(
			[`src/lib/${room}/**/*.{ts,svelte}`],
			[
				noRuntime,
				{
					regex: into([...above(pageRanks, room), 'server'], '\\$lib/'),
					message: `src/lib/${room}/ imports only rooms of lower ranks.`
				}
			]
		)
	),
	...[
		['tabs', tabs],
		['pages', pages]
	].flatMap(([room, names]) =>
		names.map((name) =>
			forbid(
				[`src/lib/${room}/${name}/**/*.{ts,svelte}`],
				[
					noRuntime,
					{
						regex: into(
							[...above(pageRanks, room), 'server', ...names.filter((other) => other !== name)],
							'\\$lib/'
						),
						message: `src/lib/${room}/${name}/ knows no other of the ${room}.`
					}
				]
			)
		)
	),
	forbid(['analysis/*.ts'], [noInterface, noHttp, noRuntime]),
	forbid(['src/routes/**', 'src/*.ts', 'src/lib/server/**', 'bench/**', 'tests/**'], [noRuntime]),
	forbid(
		['cli/**'],
		[noRuntime, { group: ['**/src/**', '$lib/*'], message: 'cli/ imports analysis/ only.' }]
	)
];
/** Ways around the one edge where what comes from outside is read and parsed. */
const untrusted = [
	['JSON', 'parse'],
	...['parse', 'safeParse', 'parser', 'safeParser', 'is', 'assert'].map((name) => ['v', name])
].map(([object, property]) => ({
	object,
	property,
	message:
		'Use analysis/edge: parseJson, parseUntrusted, parseOrNull stop early and bound messages.'
}));
export default ts.config(
	{
		ignores: [
			'**/build/',
			'dist/',
			'.svelte-kit/',
			'node_modules/',
			// Runs in another folder, with a package that is not this project's.
			'tests/runtimes/transformers.mjs',
			'.spanwise/',
			'test-results/',
			'static/',
			'analysis/proto/onnx_pb.ts'
		]
	},
	js.configs.recommended,
	...ts.configs.strictTypeChecked,
	...svelte.configs.recommended,
	{
		languageOptions: {
			globals: { ...globals.browser, ...globals.node },
			parserOptions: {
				projectService: { allowDefaultProject: ['*.js'] },
				extraFileExtensions: ['.svelte'],
				tsconfigRootDir: import.meta.dirname
			}
		},
		rules: {
			'@typescript-eslint/restrict-template-expressions': [
				'error',
				{ allowNumber: true, allowBoolean: true }
			],
			'@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
			'@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
			'no-undef': 'off'
		}
	},
	{
		files: ['**/*.svelte', '**/*.svelte.ts'],
		languageOptions: {
			parserOptions: { parser: ts.parser, svelteConfig }
		},
		rules: {
			'svelte/no-navigation-without-resolve': 'off'
		}
	},
	{ files: ['src/lib/**/*.ts'], rules: { 'svelte/no-navigation-without-resolve': 'off' } },
	{
		files: ['{analysis,src,cli}/**/*.ts', 'src/**/*.svelte'],
		ignores: ['analysis/edge/**', '**/*.test.ts'],
		rules: { 'no-restricted-properties': ['error', ...untrusted] }
	},
	{ files: ['*.js'], ...ts.configs.disableTypeChecked },
	{
		files: ['{analysis,src,cli}/**/*.{ts,svelte}'],
		// Of components that are reached from a .ts file as well.
		languageOptions: { parserOptions: { parser: ts.parser } },
		plugins: { 'import-x': importX },
		settings: {
			'import-x/extensions': ['.ts', '.svelte'],
			'import-x/parsers': {
				'@typescript-eslint/parser': ['.ts'],
				'svelte-eslint-parser': ['.svelte']
			},
			'import-x/resolver-next': [createTypeScriptImportResolver()]
		},
		rules: { 'import-x/no-cycle': ['error', { ignoreExternal: true }] }
	},
	...rooms
);
