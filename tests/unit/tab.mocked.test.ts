import { render } from 'svelte/server';
import { describe, expect, it, vi } from 'vitest';
import type { ResultSummary } from '../../analysis/measure/results/types.ts';
import { LabelBook } from '../../src/lib/labels/book.svelte.ts';
import { runBounds } from '../../src/lib/pages/run/bounds.ts';
import { runCommands } from '../../src/lib/pages/run/runCommands.ts';
import { RunState } from '../../src/lib/state/run.svelte.ts';
import { readSearch, writeUrl } from '../../src/lib/state/url.ts';
import { tabAddress } from '../../src/lib/tabs/tabAddress.ts';
import { madeUpRun } from '../builders/run.ts';
import RunPageLaidOut from '../builders/RunPageLaidOut.svelte';
import { tally } from '../builders/tallyKind.ts';

// All that a new tab touches: its own component, the list of tabs, and the list of what they open.
const opens = vi.hoisted(() => [{ kind: 'tally' }]);
vi.mock('../../src/lib/tabs/opens.ts', async (original) => {
	const { OPENS } = await original<typeof import('../../src/lib/tabs/opens.ts')>();
	return { OPENS: { ...OPENS, tally: opens } };
});
vi.mock('../../src/lib/tabs/tabs.svelte.ts', async (original) => {
	const { TABS } = await original<typeof import('../../src/lib/tabs/tabs.svelte.ts')>();
	const { default: component } = await import('../builders/TallyTab.svelte');
	const tab = { value: 'tally', label: 'Tally', about: 'Characters, counted', opens };
	return { TABS: [...TABS, { ...tab, component, load: null }] };
});
const here = vi.hoisted(() => ({ url: new URL('http://localhost/runs/r'), state: {} }));
vi.mock('$app/state', () => ({ page: here }));

const ID = 'tally-20261123-061503-a1b2';
const run = { ...madeUpRun().record, files: {} };
const counts = { context: 4, windows: 2, characters: 40 };
const summary: Omit<ResultSummary, 'kind'> = {
	...{ id: ID, createdAt: run.createdAt, model: run.model, texts: ['a.txt'] },
	...{ context: counts.context, windows: counts.windows },
	words: tally.summary({ ...counts, model: run.model, texts: run.texts }),
	...{ evaluation: null, bench: null, tune: null, search: null, damage: null, tasks: null }
};
// The type names the kinds that are in the list.
const results = [{ ...summary, kind: tally.kind } as unknown as ResultSummary];
const bounds = runBounds(run);

/** Tabs of the run page at an address, the selected one in brackets, and the panels that are made, as the server sends them. */
function shown(query: string) {
	const props = { run, results, query: new URLSearchParams(query) };
	const { body } = render(RunPageLaidOut, { props });
	// The marks that the page's scripts look for.
	const html = body.replace(/<!--.*?-->/gs, '');
	const tabs = html.matchAll(/ id="tab-\w+"[^>]* aria-selected="(true|false)"[^>]*>([^<]*)</g);
	const panels = html.matchAll(/<div role="tabpanel" id="tab-(\w+)-panel"([^>]*)>(.*?)<\//gs);
	return {
		tabs: [...tabs].map(([, selected, label]) => (selected === 'true' ? `[${label}]` : label)),
		panels: [...panels].map(([, tab, attributes, start]) => ({
			tab,
			seen: !attributes.includes('hidden'),
			text: start.replace(/<.*?>/gs, '')
		}))
	};
}

describe('a tab that only its own component and the lists of tabs know', () => {
	it('stands among the tabs of the run page, which makes it when it is opened', () => {
		const { tabs, panels } = shown('');
		expect(tabs).toEqual(expect.arrayContaining(['[Map]', 'Tally']));
		expect(panels).toMatchObject([{ tab: 'map', seen: true }]);
	});
	it('is shown by the address that names it, with the result that the address opens', () => {
		const { tabs, panels } = shown(`tab=tally&tally=${ID}`);
		expect(tabs).toEqual(expect.arrayContaining(['Map', '[Tally]']));
		expect(panels).toEqual([{ tab: 'tally', seen: true, text: 'Counted: 40 characters.' }]);
		expect(shown('tab=tally').panels).toMatchObject([{ text: 'No tally is open.' }]);
	});
	it('is read from the address, and written to it', () => {
		const address = `tab=tally&tally=${ID}`;
		const state = readSearch(`?${address}`, bounds);
		expect(state).toEqual({ ...bounds.defaults, tab: 'tally', open: { tally: ID } });
		expect(writeUrl(state, bounds.defaults)).toBe(address);
	});
	it('is where the link to a result of its kind leads', () => {
		expect(tabAddress('r', 'tally', ID)).toBe(`/runs/r?tab=tally&tally=${ID}`);
	});
	it('is opened by a command of the palette', async () => {
		const page = new RunState(run, bounds.defaults);
		const none = { runs: {}, results: {} };
		const labels = new LabelBook({ labels: none, problems: [], readOnly: null });
		const nothing = () => undefined;
		const { commands } = runCommands({
			...{ page, labels },
			...{ ondefinition: nothing, onstep: nothing, onsay: nothing }
		});
		const command = commands.find(({ title }) => title === 'Tab: Tally');
		expect(command?.about).toBe('Characters, counted');
		await command?.run();
		expect(page.url.tab).toBe('tally');
	});
});
