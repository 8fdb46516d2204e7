/** The tabs of the run page: the one list of them. */
import type { Component } from 'svelte';
import type { TabProps } from '../measure/tab.ts';
import type { OpenedKind } from '../state/url.ts';
import MapTab from './map/MapTab.svelte';
import { OPENS } from './opens.ts';

export interface RunTab {
	/** In the address; of a tab that shows one kind of result, that kind. */
	value: string;
	label: string;
	about: string;
	/** Kinds of stored results that it opens. */
	opens: readonly OpenedKind[];
	/** Of the tab that is seen first; the others are loaded when they are opened. */
	component: Component<TabProps> | null;
	load: (() => Promise<{ default: Component<TabProps> }>) | null;
}

export const TABS: readonly RunTab[] = [
	{
		value: 'map',
		label: 'Map',
		about: 'How alike layers are, and the plan',
		opens: OPENS.map,
		component: MapTab,
		load: null
	},
	{
		value: 'evaluate',
		label: 'Evaluate',
		about: 'What the plan costs and gains, measured',
		opens: OPENS.evaluate,
		component: null,
		load: () => import('./evaluate/EvaluateTab.svelte')
	},
	{
		value: 'search',
		label: 'Search',
		about: 'The best plan for a budget, by measured damage',
		opens: OPENS.search,
		component: null,
		load: () => import('./search/SearchTab.svelte')
	},
	{
		value: 'tune',
		label: 'Tune',
		about: 'What training gives back of what the plan costs',
		opens: OPENS.tune,
		component: null,
		load: () => import('./tune/TuneTab.svelte')
	},
	{
		value: 'bench',
		label: 'Bench',
		about: 'What the plan gains as a deployed model: time and memory, measured',
		opens: OPENS.bench,
		component: null,
		load: () => import('./bench/DeploymentPanel.svelte')
	}
];
