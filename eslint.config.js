import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import svelteConfig from './svelte.config.js';

/** A lint rule for one folder: what it must not import, and why. */
function boundary(files, ignores, patterns) {
	return {
		files,
		ignores,
		rules: {
			'no-restricted-imports': [
				'error',
				{ patterns: patterns.filter(({ group }) => group.length > 0) }
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
	message: 'Only analysis/capture/ imports onnxruntime-node.'
};

/** The way of the data: each stage may import itself and those to its left. */
const stages = [
	'edge',
	'process',
	'checkpoint',
	'tokens',
	'graph',
	'onnx',
	'models',
	'capture',
	'similarity',
	'plan',
	'run',
	'compare',
	'analyze',
	'repair',
	'evaluate',
	'damage',
	'search',
	'deploy',
	'results'
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
/** Stages that never touch weights or sessions, though they stand to the right of those that do. */
const pure = ['similarity', 'plan'];

function laterStages(stage) {
	const later = stages.slice(stages.indexOf(stage) + 1);
	const upstream = pure.includes(stage) ? ['graph', 'onnx', 'models', 'capture'] : [];
	// The browser runs the pure stages too.
	const node = pure.includes(stage) ? ['node:*'] : [];
	return {
		group: [...[...later, ...upstream].map((name) => `**/${name}/**`), ...node],
		message: `analysis/${stage}/ imports only what comes before it on the data's way.`
	};
}

export default ts.config(
	{
		ignores: [
			'**/build/',
			'dist/',
			'.svelte-kit/',
			'node_modules/',
			'.spanwise/',
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
	{
		files: ['{analysis,src,cli}/**/*.ts', 'src/**/*.svelte'],
		ignores: ['analysis/edge/**', '**/*.test.ts'],
		rules: { 'no-restricted-properties': ['error', ...untrusted] }
	},
	{ files: ['*.js'], ...ts.configs.disableTypeChecked },
	...stages
		.filter((stage) => stage !== 'capture')
		.map((stage) =>
			boundary(
				[`analysis/${stage}/**/*.ts`],
				['**/*.test.ts'],
				[noInterface, noHttp, noRuntime, laterStages(stage)]
			)
		),
	boundary(
		['analysis/capture/**/*.ts'],
		['**/*.test.ts'],
		[noInterface, noHttp, laterStages('capture')]
	),
	boundary(['analysis/*.ts'], [], [noInterface, noHttp, noRuntime]),
	boundary(['src/**', 'cli/**', 'bench/**', 'tests/**'], [], [noRuntime])
);
