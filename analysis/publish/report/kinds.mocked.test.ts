import { describe, expect, it, vi } from 'vitest';
import { madeUpRun } from '../../../tests/builders/run.ts';
import { madeUpStudy } from '../../../tests/builders/study.ts';
import type { ResultParts } from '../../measure/results/folder.ts';
import { summaryOf } from '../../measure/results/summary.ts';
import type { Labels } from '../../workspace/labels/label.ts';
import type { ReportedKind, StoredOf } from './kinds/reportedKind.ts';
import { reportHtml } from './report.ts';

// Tuning is in no list, and evaluations are reported by a made-up object alone.
vi.mock('./kinds/index.ts', async (original) => {
	const { REPORTED } = await original<typeof import('./kinds/index.ts')>();
	const { html } = await import('./html.ts');
	const madeUp: ReportedKind<StoredOf<'evaluate'>> = {
		kind: 'evaluate',
		question: { words: 'What is made up?', options: ['--much'], answer: () => null },
		most: 1,
		section: ([{ id, result }], { total }) =>
			html`<h2>${id} of ${total}, ${result.plan.sources.length} layers</h2>`,
		methods: (own) => `Made up ${own.length} times.`,
		cites: () => ['harness'],
		cards: () => ({ Invention: { how: 'freely' } }),
		terms: ['gates']
	};
	const others = REPORTED.filter(({ kind }) => kind !== 'evaluate' && kind !== 'tune');
	return { REPORTED: [...others, madeUp] };
});

const layers = 16;
const { model } = madeUpRun().record;
const study = madeUpStudy({ ...model, layers, reach: Array<null>(layers).fill(null) });

function page(
	parts: Readonly<Record<string, ResultParts>>,
	labels: Labels['results'] = {}
): string {
	const results = Object.entries(parts).map(([id, each]) => ({
		...({ format: 'spanwise/result', version: 1, spanwise: '0.1.0' } as const),
		...{ id, createdAt: '2026-11-23T06:15:03.000Z', ...each }
	}));
	const source = {
		run: { ...study.run.record, files: {} },
		...{ similarities: [], results, summaries: results.map(summaryOf) },
		...{ labels: { runs: {}, results: labels }, plan: null }
	};
	return reportHtml(source, () => 'sha256-');
}

describe('a kind in the list of a report', () => {
	it('has its question, section, methods, reference, card and terms in it', () => {
		const found = page({ newer: study.evaluation, older: study.evaluation });
		for (const words of [
			'What is made up?',
			`spanwise evaluate ${model.name} --much`,
			'<h2>newer of 2, 16 layers</h2>',
			'Made up 2 times.</p>',
			'The Language Model Evaluation Harness',
			'<summary>Invention</summary>',
			'<dt>gates</dt>'
		])
			expect(found).toContain(words);
	});
	it('has only its question in it where nothing was measured of it', () => {
		const found = page({ search: study.search });
		expect(found).toContain('What is made up?');
		for (const words of ['Made up', 'Evaluation Harness', 'Invention', '<dt>gates</dt>'])
			expect(found).not.toContain(words);
	});
});

it('a kind that is not in the list of a report is in it where somebody named a result', () => {
	const label = { name: 'Longer', note: '', tags: [], pinned: false };
	const named = page({ tuned: study.tune }, { tuned: label });
	expect(named).toContain('Also measured and named');
	expect(named).toContain('<span class="name">Longer</span>');
	expect(named).not.toContain('<h2>Tuning</h2>');
	expect(page({ tuned: study.tune })).not.toContain('Also measured');
});
