/** The tabs of the run page: the one list of them. */
import type { Component } from 'svelte';
import type { TabProps } from '../measure/tab.ts';
import DeploymentPanel from './bench/DeploymentPanel.svelte';
import EvaluateTab from './evaluate/EvaluateTab.svelte';
import MapTab from './map/MapTab.svelte';
import SearchTab from './search/SearchTab.svelte';
import TuneTab from './tune/TuneTab.svelte';

export interface RunTab {
	/** In the address; of a tab that shows one kind of result, that kind. */
	value: string;
	label: string;
	about: string;
	component: Component<TabProps>;
}

export const TABS: readonly RunTab[] = [
	{
		value: 'map',
		label: 'Map',
		about: 'How alike layers are, and the plan',
		component: MapTab
	},
	{
		value: 'evaluate',
		label: 'Evaluate',
		about: 'What the plan costs and gains, measured',
		component: EvaluateTab
	},
	{
		value: 'search',
		label: 'Search',
		about: 'The best plan for a budget, by measured damage',
		component: SearchTab
	},
	{
		value: 'tune',
		label: 'Tune',
		about: 'What training gives back of what the plan costs',
		component: TuneTab
	},
	{
		value: 'bench',
		label: 'Bench',
		about: 'What the plan gains as a deployed model: time and memory, measured',
		component: DeploymentPanel
	}
];
