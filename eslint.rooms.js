// What each folder may import, as rules of eslint; tests/unit/rooms.test.ts tries every one.
import { existsSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';

/** @typedef {{ regex: string, message: string }} Pattern What must not be imported, and why. */

const noInterface = {
	regex: '^(svelte|@sveltejs|\\$app|\\$lib)(/|$)|(^|/)(src|cli)/',
	message: 'analysis/ knows neither Svelte nor HTTP.'
};
const noHttp = {
	regex: '^(node:)?https?2?$|^express$',
	message: 'analysis/ knows neither Svelte nor HTTP.'
};
const noRuntime = {
	regex: '^onnxruntime-',
	message: 'Only analysis/engine/ imports onnxruntime-node.'
};
const noNode = {
	regex: `^(node:.*|${builtinModules.filter((name) => /^[a-z]\w*$/.test(name)).join('|')})$`,
	message: 'The browser runs this room too.'
};

/** Rooms by rank, lowest first: each imports itself and those of lower ranks. */
export const analysisRanks = [
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
export const pageRanks = [
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
export const portable = ['statistics', 'text', 'similarity', 'plan', 'figure'];
/** Rooms in rooms that know nothing of one another: a kind's folder has an index.ts. */
export const kinds = foldersIn('analysis/measure').filter((name) =>
	existsSync(join(import.meta.dirname, 'analysis/measure', name, 'index.ts'))
);
export const tabs = foldersIn('src/lib/tabs');
export const pages = foldersIn('src/lib/pages');

/**
 * Names of the folders in a folder of the project that are not empty.
 * @param {string} path
 */
function foldersIn(path) {
	const folder = join(import.meta.dirname, path);
	return readdirSync(folder, { withFileTypes: true })
		.filter((entry) => entry.isDirectory() && readdirSync(join(folder, entry.name)).length > 0)
		.map(({ name }) => name)
		.sort();
}

/**
 * Forbids `files`, other than tests, to import what `patterns` match, at their head or when they run.
 * @param {string[]} files
 * @param {Pattern[]} patterns
 * @returns {import('eslint').Linter.Config}
 */
function forbid(files, patterns) {
	return {
		files,
		ignores: ['**/*.test.ts'],
		rules: {
			'no-restricted-imports': ['error', { patterns }],
			'no-restricted-syntax': [
				'error',
				...patterns.map(({ regex, message }) => ({
					// A selector's expression holds no slash.
					selector: `ImportExpression[source.value=/${regex.replaceAll('/', '\\u002F')}/]`,
					message
				}))
			]
		}
	};
}

/**
 * Rooms that `room` must not import: its neighbours of the same rank, and all of higher ones.
 * @param {string[][]} ranks
 * @param {string} room
 */
export function above(ranks, room) {
	const rank = ranks.findIndex((names) => names.includes(room));
	return ranks
		.slice(rank)
		.flat()
		.filter((name) => name !== room);
}

/**
 * Imports of any of `names`, by a path that climbs out of the file's room or by an alias; `parent` is the folder that
 * they are in.
 * @param {string[]} names
 * @param {{ alias: string, parent: string }} place
 */
function into(names, { alias, parent }) {
	if (names.length === 0) return [];
	const any = `(${names.join('|')})/`;
	return [`^(\\.\\./)+(${parent}/)?${any}|^${alias}/(${parent}/)?${any}`];
}

/**
 * @param {string[][]} ranks
 * @param {string} room
 * @param {{ alias: string, parent: string }} where
 * @param {string} place
 */
const lower = (ranks, room, where, place) =>
	into(above(ranks, room), where).map((regex) => ({
		regex,
		message: `${place}${room}/ imports only rooms of lower ranks.`
	}));
const inAnalysis = { parent: 'analysis', alias: '\\$analysis' };
const inPages = { parent: 'lib', alias: '\\$lib' };

/**
 * Returns patterns of the imports forbidden to a room of analysis/.
 * @param {string} room
 */
const analysisBounds = (room) => [
	noInterface,
	noHttp,
	...(room === 'engine' ? [] : [noRuntime]),
	...(portable.includes(room) ? [noNode] : []),
	...lower(analysisRanks, room, inAnalysis, 'analysis/')
];
/**
 * Returns patterns of the imports forbidden to a room of src/lib/.
 * @param {string} room
 */
const pageBounds = (room) => [
	noRuntime,
	{ regex: '(^\\$lib|^\\.\\..*)/server/', message: 'Pages ask the server by requests.' },
	...lower(pageRanks, room, inPages, 'src/lib/')
];
/**
 * Returns patterns of the imports by which `name` would know the others that are in `parent`.
 * @param {string[]} names
 * @param {string} name
 * @param {string} parent
 * @param {string} message
 */
const apart = (names, name, parent, message) =>
	into(
		names.filter((other) => other !== name),
		{ parent, alias: parent === 'measure' ? '\\$analysis/measure' : `\\$lib/${parent}` }
	).map((regex) => ({ regex, message }));

export const rooms = [
	...analysisRanks.flat().map((room) => forbid([`analysis/${room}/**/*.ts`], analysisBounds(room))),
	...kinds.map((kind) =>
		forbid(
			[`analysis/measure/${kind}/**/*.ts`],
			[
				...analysisBounds('measure'),
				...apart(kinds, kind, 'measure', 'A kind of measurement knows no other kind.')
			]
		)
	),
	...pageRanks.flat().map((room) => forbid([`src/lib/${room}/**/*.{ts,svelte}`], pageBounds(room))),
	...Object.entries({ tabs, pages }).flatMap(([room, names]) =>
		names.map((name) =>
			forbid(
				[`src/lib/${room}/${name}/**/*.{ts,svelte}`],
				[
					...pageBounds(room),
					...apart(names, name, room, `src/lib/${room}/${name}/ knows no other of the ${room}.`)
				]
			)
		)
	),
	forbid(
		['analysis/*.ts'],
		[
			noInterface,
			noHttp,
			noRuntime,
			{
				regex: `^(\\./|(\\.\\./)+analysis/|\\$analysis/)(${analysisRanks.flat().join('|')})/`,
				message: 'Every room imports the files of analysis/, which import none.'
			}
		]
	),
	forbid(['src/routes/**', 'src/*.ts', 'bench/**', 'tests/**'], [noRuntime]),
	forbid(
		['src/lib/server/**'],
		[
			noRuntime,
			...into(['tabs', 'pages'], inPages).map((regex) => ({
				regex,
				message: 'The server knows neither tabs nor pages.'
			}))
		]
	),
	forbid(
		['cli/**'],
		[noRuntime, { regex: '(^|/)src/|^\\$lib(/|$)', message: 'cli/ imports analysis/ only.' }]
	)
];
