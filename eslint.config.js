import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import ts from 'typescript-eslint';
import { rooms } from './eslint.rooms.js';
import svelteConfig from './svelte.config.js';

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
