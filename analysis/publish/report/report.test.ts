import { createHash } from 'node:crypto';
import { Script } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { madeUpDamage, madeUpEvaluation } from '../../../tests/builders/results.ts';
import { madeUpRun } from '../../../tests/builders/run.ts';
import { madeUpStudy } from '../../../tests/builders/study.ts';
import type { ResultParts } from '../../measure/results/folder.ts';
import { summaryOf } from '../../measure/results/summary.ts';
import type { StoredResult } from '../../measure/results/types.ts';
import type { Similarity } from '../../similarity/types.ts';
import type { RunRecord } from '../../workspace/run/types.ts';
import { isDamage } from '../damageCard.ts';
import { unbrokenIntervals } from './html.ts';
import { packedMaps } from './packedMaps.ts';
import { reportPlans } from './plans.ts';
import { reportQuestions } from './questions.ts';
import { reportHtml } from './report.ts';
import type { ReportSource } from './types.ts';

const hash = (script: string) => `sha256-${createHash('sha256').update(script).digest('base64')}`;
const record: RunRecord = { ...madeUpRun().record, files: {} };

function stored(parts: ResultParts, id = 'tiny-1'): StoredResult {
	const about = { format: 'spanwise/result', version: 1, spanwise: '0.1.0' } as const;
	return { ...about, id, createdAt: '2026-11-23T06:15:03.000Z', ...parts };
}

function similarity(layers: number, given: Partial<Similarity> = {}): Similarity {
	const matrix = Float64Array.from({ length: layers * layers }, (_, at) =>
		at % (layers + 1) === 0 ? 1 : 0.5 + (at % 7) / 20
	);
	const none = { null: null, low: null, high: null, interval: null };
	return { metric: 'cosine', view: 'all', layers, matrix, ...none, ...given };
}

function source(results: StoredResult[] = [], given: Partial<ReportSource> = {}): ReportSource {
	const summaries = results.map(summaryOf);
	const labels = { runs: {}, results: {} };
	return {
		...{ run: record, similarities: [similarity(3)], results, summaries, labels, plan: null },
		...given
	};
}

const numbers = (packed: string | null) =>
	packed === null
		? null
		: [...new Float32Array(new Uint8Array(Buffer.from(packed, 'base64')).buffer)];

describe('the maps of a report', () => {
	it('are float32 of the same numbers, with null and interval where there are any', () => {
		const matrix = Float64Array.of(1, 0.25, 0.5, 0.25, 1, 0.75, 0.5, 0.75, 1);
		const half = matrix.map((value) => value / 2);
		const low = matrix.map((value) => value - 0.125);
		const [map] = packedMaps(
			record,
			[similarity(3, { matrix, null: half, low, high: matrix, interval: 'blocks' })],
			null,
			[]
		).maps;
		expect(numbers(map.value)).toEqual([...matrix]);
		expect(numbers(map.null)).toEqual([...half]);
		expect(numbers(map.low)).toEqual([...low]);
		expect(map.shows.map(({ show }) => show)).toEqual(['similarity', 'null', 'excess', 'width']);
		expect(map.directed).toBe(false);
		expect(map.interval).toContain('one document');
	});
	it('of damage have pairs above the diagonal, drops on it, and their intervals', () => {
		const damage = stored(madeUpDamage());
		if (!isDamage(damage)) throw new Error('no damage');
		const { maps } = packedMaps(record, [], damage, []);
		expect(maps.map(({ map }) => map)).toEqual(['output', 'damage']);
		const { value, low } = maps[1];
		const rounded = (packed: string | null) =>
			numbers(packed)?.map((each) => Number(each.toFixed(4)));
		expect(rounded(value)).toEqual([0.5, 0.2, NaN, NaN, 0.1, 0.05, NaN, NaN, 0.3]);
		expect(rounded(low)).toEqual([0.49, 0.19, NaN, NaN, 0.09, 0.04, NaN, NaN, 0.29]);
	});
	it('keep a table of colours that several share once', () => {
		const { tables, maps } = packedMaps(record, [similarity(3), similarity(3)], null, []);
		expect(tables).toHaveLength(1);
		expect(Buffer.from(tables[0], 'base64')).toHaveLength(768);
		expect(maps.map(({ shows }) => shows[0].table)).toEqual([0, 0]);
	});
});

it('both ends of an interval stay on one line', () => {
	expect(unbrokenIntervals('Loss +0.2 [+0.1, +0.3] nats/token')).toBe(
		'Loss +0.2 [+0.1,\u00a0+0.3] nats/token'
	);
});

/** Two runs of lm-evaluation-harness, imported. */
function imported(): ResultParts {
	const row = { task: 'hellaswag', filter: 'none', metric: 'acc', questions: 200, a: 0.55, b: 0.5 };
	const tasks = {
		...{ a: 'base', b: 'planned', over: 'blocks' as const, unpaired: { a: 0, b: 0 } },
		...{ model: record.model, notes: ['piqa: only the first run has it'] },
		rows: [
			{
				...row,
				delta: { value: -0.05, low: -0.09, high: -0.01 },
				mcnemar: { onlyA: 12, onlyB: 2, p: 0.0129 }
			}
		]
	};
	return { ...madeUpEvaluation(), result: { kind: 'tasks', tasks } };
}

describe('what a report calls things', () => {
	const label = { name: 'first <try>', note: 'read\nagain', tags: ['paper'], pinned: false };
	const words = [
		'<span class="name">first &lt;try&gt;</span>',
		'<span class="tag">paper</span>',
		'<p class="note">read\nagain</p>'
	];
	const layers = 16;
	const model = { ...record.model, layers, reach: Array<null>(layers).fill(null) };
	const study = madeUpStudy(model);
	const run: RunRecord = { ...study.run.record, files: {} };
	const of = { run, similarities: [similarity(layers)] };
	const found = (page: string, word: string) => page.split(word).length - 1;
	const [evaluation, search, older] = [
		stored(study.evaluation, 'e'),
		stored(study.search, 'newer'),
		stored(study.search, 'older')
	];
	it.each([
		['its run', { runs: { [run.id]: label }, results: {} }],
		['a measurement that it shows', { runs: {}, results: { e: label } }],
		['the search that it shows', { runs: {}, results: { newer: label } }],
		['a measurement that stands nowhere else in it', { runs: {}, results: { older: label } }]
	])('is the name, the tags and the note of %s, once', (_, labels) => {
		const page = reportHtml(source([evaluation, search, older], { ...of, labels }), hash);
		for (const word of words) expect(found(page, word)).toBe(1);
	});
	it('is nothing where nobody has named anything', () => {
		const page = reportHtml(source([evaluation, search, older], of), hash);
		expect(page).not.toContain('class="label"');
		expect(page).not.toContain('Also measured');
	});
});

describe('a report', () => {
	it('has the imported runs of lm-evaluation-harness, and cites it', () => {
		const page = reportHtml(source([stored(imported())]), hash);
		for (const words of [
			'A: base, B: planned',
			'−5.0% [−9.0%, −1.0%]',
			'12 : 2, 0.0129',
			'piqa: only the first run has it',
			'The Language Model Evaluation Harness'
		])
			expect(page).toContain(words);
		expect(reportHtml(source([]), hash)).not.toContain('Harness');
	});
	const HOSTILE = '</script><img src=x onerror=alert(1)>\u202e"\'';
	it('escapes whatever comes from outside, in elements, attributes and its script', () => {
		const evaluation = madeUpEvaluation();
		const run: RunRecord = {
			...record,
			model: { ...record.model, name: HOSTILE },
			texts: [{ name: HOSTILE, sha256: HOSTILE, characters: 1 }],
			notes: [HOSTILE],
			command: HOSTILE
		};
		const hostile = { ...evaluation, texts: run.texts, command: HOSTILE };
		const page = reportHtml(source([stored(hostile, HOSTILE)], { run }), hash);
		expect(page.match(/<\/script>/g)).toHaveLength(1);
		expect(page).not.toContain('<img');
		expect(page).not.toContain('\u202e');
		expect(page).toContain('&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;\\u202e&quot;&#39;');
	});
	it('lets no script run but its own, and asks for nothing', () => {
		const page = reportHtml(source([stored(madeUpDamage())]), hash);
		const script = /<script>([\s\S]*)<\/script>/.exec(page)?.[1] ?? '';
		expect(page).toContain(`script-src &#39;${hash(script)}&#39;`);
		expect(page).toContain('default-src &#39;none&#39;');
		expect(page.match(/(?:src|href)="(?!data:)/g)).toBeNull();
		expect(page).not.toMatch(/@import|url\(/);
		// It is a program: a fault in it would leave every map empty.
		expect(() => new Script(script)).not.toThrow();
	});
	it('of 126 layers, five metrics and two views, with damage, is below 3.5 MB', () => {
		const layers = 126;
		const study = madeUpStudy({ ...record.model, layers, reach: Array<null>(layers).fill(null) });
		const matrix = similarity(layers).matrix;
		const cosine = { matrix, null: matrix, low: matrix, high: matrix };
		const similarities = study.run.record.views.flatMap(() =>
			(['cosine', 'cosine-mean', 'cosine-matched', 'hellinger', 'js'] as const).map((metric) =>
				similarity(layers, { metric, ...(metric.startsWith('cosine') ? cosine : { matrix }) })
			)
		);
		expect(similarities).toHaveLength(10);
		const run: RunRecord = { ...study.run.record, files: {} };
		const results = [study.damage, study.search].map((parts, at) => stored(parts, `r${at}`));
		const page = reportHtml(source(results, { run, similarities }), hash);
		expect(page.length).toBeGreaterThan(1_000_000);
		expect(page.length).toBeLessThan(3_500_000);
	});
	it('answers what was measured, with the interval, and names the command for what was not', () => {
		const { summaries } = source([stored(madeUpEvaluation())]);
		const questions = reportQuestions('tiny', summaries, [0, 0, 2]);
		expect(questions.map(({ answer }) => answer?.sentence ?? null)).toEqual([
			null,
			expect.stringContaining('Loss +0.200 [+0.100, +0.300] nats/token on a.txt'),
			null,
			null
		]);
		expect(questions[0].command).toBe('spanwise damage tiny --text FILE');
		expect(reportQuestions('a b', [], null)[3].command).toBe(
			"spanwise bench 'a b' --plan plan.json"
		);
	});
	it('says which plan an answer is about where it is another', () => {
		const { summaries } = source([stored(madeUpEvaluation())]);
		expect(reportQuestions('tiny', summaries, [0, 0, 2])[1].about).toBeNull();
		expect(reportQuestions('tiny', summaries, [0, 1, null])[1].about).toEqual([0, 0, 2]);
	});
	it('shows the plan that was given first, each plan once, and else a candidate that says so', () => {
		const evaluation = madeUpEvaluation();
		if (evaluation.result.kind !== 'evaluate') throw new Error('no evaluation');
		const { plan } = evaluation.result;
		const results = [stored(evaluation)];
		const given = { ...plan, sources: [0, 1, null], spans: [] };
		expect(reportPlans(source(results, { plan: given })).map(({ sources }) => sources)).toEqual([
			[0, 1, null],
			[0, 0, 2]
		]);
		expect(reportPlans(source(results, { plan }))).toHaveLength(1);
		const run: RunRecord = {
			...record,
			model: { ...record.model, layers: 8, reach: Array<null>(8).fill(null) }
		};
		const [candidate] = reportPlans(source([], { run, similarities: [similarity(8)] }));
		expect(candidate.origin).toContain('candidate');
		expect(candidate.sources.filter((from, layer) => from !== layer)).toHaveLength(2);
	});
});
