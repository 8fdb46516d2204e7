/** The tabs of the run page: the one list of them. */
import type { Component } from 'svelte';
import type { TabProps } from '../measure/tab.ts';
import MapTab from './map/MapTab.svelte';

export interface RunTab {
	/** In the address; of a tab that shows one kind of result, that kind. */
	value: string;
	label: string;
	about: string;
	/** Of the tab that is seen first; the others are loaded when they are opened. */
	component: Component<TabProps> | null;
	load: (() => Promise<{ default: Component<TabProps> }>) | null;
}

export const TABS: readonly RunTab[] = [
	{
		value: 'map',
		label: 'Map',
		about: 'How alike layers are, and the plan',
		component: MapTab,
		load: null
	},
	{
		value: 'evaluate',
		label: 'Evaluate',
		about: 'What the plan costs and gains, measured',
		component: null,
		load: () => import('./evaluate/EvaluateTab.svelte')
	},
	{
		value: 'search',
		label: 'Search',
		about: 'The best plan for a budget, by measured damage',
		component: null,
		load: () => import('./search/SearchTab.svelte')
	},
	{
		value: 'tune',
		label: 'Tune',
		about: 'What training gives back of what the plan costs',
		component: null,
		load: () => import('./tune/TuneTab.svelte')
	},
	{
		value: 'bench',
		label: 'Bench',
		about: 'What the plan gains as a deployed model: time and memory, measured',
		component: null,
		load: () => import('./bench/DeploymentPanel.svelte')
	}
];
