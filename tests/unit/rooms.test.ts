import { readdirSync } from 'node:fs';
import { Linter } from 'eslint';
import ts from 'typescript-eslint';
import { describe, expect, it } from 'vitest';
import { KINDS, IMPORTED } from '../../analysis/measure/kinds.ts';
import {
	above,
	analysisRanks,
	kinds,
	pageRanks,
	pages,
	portable,
	rooms,
	tabs
} from '../../eslint.rooms.js';

const linter = new Linter({ configType: 'flat' });
const config = [{ files: ['**/*.ts'], languageOptions: { parser: ts.parser } }, ...rooms];
const analysis = analysisRanks.flat();
const shown = pageRanks.flat();

/** Filters the paths that a file may import. Fails if they differ between its head and when it runs. */
function allowed(file: string, paths: readonly string[]): string[] {
	const lint = (line: (path: string) => string) => {
		const messages = linter.verify(paths.map(line).join('\n'), config, { filename: file });
		return paths.filter((_, at) => messages.every((message) => message.line !== at + 1));
	};
	const atHead = lint((path) => `import '${path}';`);
	expect(
		lint((path) => `void import('${path}');`),
		file
	).toEqual(atHead);
	return atHead;
}

const folders = (path: string) =>
	readdirSync(path, { withFileTypes: true })
		.filter((entry) => entry.isDirectory() && readdirSync(`${path}/${entry.name}`).length > 0)
		.map(({ name }) => name)
		.sort();

describe('every folder has its place', () => {
	it('in analysis/ and src/lib/', () => {
		expect(folders('analysis')).toEqual(analysis.toSorted());
		expect(folders('src/lib').filter((name) => name !== 'server')).toEqual(shown.toSorted());
	});
	it('among the kinds of measurement, the tabs and the pages', () => {
		expect(kinds).toEqual([...KINDS, ...IMPORTED].map(({ kind }) => kind).sort());
		expect(folders('src/lib/tabs')).toEqual(tabs);
		expect(folders('src/lib/pages')).toEqual(pages);
	});
});

describe('a room imports itself and rooms of lower ranks', () => {
	const lower = (ranks: string[][], room: string) =>
		ranks.flat().filter((name) => !above(ranks, room).includes(name));

	it.each(analysis)('analysis/%s', (room) => {
		const into = (before: string) => (name: string) => `${before}${name}/x.ts`;
		for (const [file, before] of [
			[`analysis/${room}/x.ts`, '../'],
			[`analysis/${room}/x.ts`, '../../analysis/'],
			[`analysis/${room}/deep/x.ts`, '../../']
		]) {
			expect(allowed(file, analysis.map(into(before)))).toEqual(
				lower(analysisRanks, room).map(into(before))
			);
		}
	});
	it.each(shown)('src/lib/%s', (room) => {
		for (const before of ['../', '$lib/']) {
			const into = (name: string) => `${before}${name}/x.ts`;
			expect(allowed(`src/lib/${room}/x.ts`, [...shown, 'server'].map(into))).toEqual(
				lower(pageRanks, room).map(into)
			);
		}
	});
});

it('the files of analysis/ itself, which every room imports, import no room', () => {
	for (const before of ['./', '../analysis/', '$analysis/']) {
		const paths = analysis.map((room) => `${before}${room}/x.ts`);
		expect(allowed('analysis/x.ts', [...paths, './errors.ts'])).toEqual(['./errors.ts']);
	}
});

it('the server knows neither tabs nor pages', () => {
	for (const [file, before] of [
		['src/lib/server/x.ts', '../'],
		['src/lib/server/http/x.ts', '../../'],
		['src/lib/server/x.ts', '$lib/']
	]) {
		const paths = ['tabs/x.ts', 'pages/home/x.ts', 'client/x.ts'].map((path) => before + path);
		expect(allowed(file, paths)).toEqual([`${before}client/x.ts`]);
	}
});

describe('neighbours know nothing of one another', () => {
	const others = (names: readonly string[], name: string, ...before: string[]) =>
		names
			.filter((other) => other !== name)
			.flatMap((other) => before.map((path) => `${path}${other}/x.ts`));

	it.each(kinds)('the kind %s', (kind) => {
		const apart = [
			...others(kinds, kind, '../', '../../measure/', '$analysis/measure/'),
			'../../publish/x.ts',
			'$analysis/publish/x.ts'
		];
		expect(allowed(`analysis/measure/${kind}/x.ts`, [...apart, '../kind.ts'])).toEqual([
			'../kind.ts'
		]);
	});
	it.each(tabs)('the tab %s', (tab) => {
		const apart = [...others(tabs, tab, '../', '$lib/tabs/'), '../../pages/run/x.ts'];
		expect(allowed(`src/lib/tabs/${tab}/x.ts`, [...apart, '../../measure/x.ts'])).toEqual([
			'../../measure/x.ts'
		]);
	});
	it.each(pages)('the page %s', (page) => {
		const apart = others(pages, page, '../', '$lib/pages/');
		expect(allowed(`src/lib/pages/${page}/x.ts`, [...apart, '../../tabs/map/x.ts'])).toEqual([
			'../../tabs/map/x.ts'
		]);
	});
});

describe('outside packages', () => {
	const inAnalysis = [
		...analysis.map((room) => `analysis/${room}/x.ts`),
		...kinds.map((kind) => `analysis/measure/${kind}/x.ts`),
		'analysis/x.ts'
	];
	const elsewhere = [
		...shown.map((room) => `src/lib/${room}/x.ts`),
		...['src/lib/server/x.ts', 'src/routes/x.ts', 'src/hooks.ts', 'cli/x.ts', 'bench/x.ts']
	];

	it('onnxruntime is for analysis/engine/ alone', () => {
		const files = [...inAnalysis, ...elsewhere];
		const found = files.filter((file) => allowed(file, ['onnxruntime-node']).length > 0);
		expect(found).toEqual(['analysis/engine/x.ts']);
	});
	it('analysis/ knows neither Svelte nor HTTP', () => {
		const paths = ['svelte', 'svelte/store', '$app/paths', '$lib/client/api.ts', 'node:http'];
		expect(inAnalysis.flatMap((file) => allowed(file, paths))).toEqual([]);
	});
	it('what the browser runs too imports nothing of Node', () => {
		const paths = ['node:fs', 'node:fs/promises', 'fs', 'path'];
		for (const room of analysis) {
			const expected = portable.includes(room) ? [] : paths;
			expect(allowed(`analysis/${room}/x.ts`, paths), room).toEqual(expected);
		}
	});
	it('cli/ imports analysis/ only', () => {
		const paths = ['../src/lib/client/api.ts', '$lib/client/api.ts', '../analysis/errors.ts'];
		expect(allowed('cli/x.ts', paths)).toEqual(['../analysis/errors.ts']);
	});
});
