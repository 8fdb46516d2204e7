import { formatValue } from '$analysis/text/number.ts';
import { textWords } from './damageCard.ts';
import { beyondRange } from '../../state/mapShown.ts';
import { SHOWN_WORDS } from '$analysis/similarity/shown.ts';
import type { RunState } from '../../state/run.svelte.ts';
import type { MapKind } from '../../state/url.ts';

/** What the map on the screen is called, and what its colours mean. */
export interface MapWords {
	/** In legends and labels. */
	name: string;
	subtitle: string;
	/** What the map shows, for screen readers. */
	label: string;
	/** Title of a saved figure. */
	title: string;
	rowTitle: string;
	columnTitle: string;
	/** What a reader must know to read the colours; empty for similarities. */
	key: string;
	/** Words of the names of saved files. */
	file: string[];
}

export const MAP_ABOUT: Readonly<Record<MapKind, string>> = {
	similarity: 'How alike the attention of two layers is',
	output: 'How like its own output a layer’s attention block puts out with another’s weights',
	damage: 'Loss added when a layer reuses another’s weights, measured',
	recall: 'What the same costs in-context recall: loss on a passage that comes again, measured'
};

export function mapWords(page: RunState): MapWords {
	const { metric, view, show, map } = page.url;
	const model = page.run.model.name;
	const directed = { rowTitle: 'source layer', columnTitle: 'follower layer' };
	if (map === 'similarity') {
		const name = show === 'similarity' ? metric : `${SHOWN_WORDS[show]} (${metric})`;
		return {
			name,
			subtitle: `${metric} · view ${view} · ${SHOWN_WORDS[show]} · measured`,
			label: `${name} of the attention of every two layers of ${model}, view ${view}`,
			title: `${model}: ${name} of attention, layer by layer`,
			...(metric === 'cosine-matched' ? directed : { rowTitle: 'layer', columnTitle: 'layer' }),
			key: '',
			file: [metric, view, show]
		};
	}
	const { shown } = page.damage;
	const measured = shown === null ? 'not measured yet' : `measured on ${textWords(shown)}`;
	const beyond = page.shown === null ? 0 : beyondRange(page.shown, page.range);
	const [low, high] = page.range.map((end) => formatValue(end));
	const cut = `; ${beyond} ${beyond === 1 ? 'cell' : 'cells'} beyond ${low} to ${high} in the colour of the end`;
	const key = {
		output: 'Bright: the block puts out much the same. 1 would be exactly the same',
		damage:
			'Bright: costs little. Dark: costs much. Upon the diagonal: attention of the layer dropped',
		recall:
			page.damage.tables !== null && page.damage.tables.recall === null
				? 'Recall was not measured with this damage: measure again'
				: 'Bright: recall is kept. Dark: it is lost. On the diagonal: attention of the layer dropped'
	}[map];
	const words = {
		output: {
			name: 'output',
			label: `output of every follower layer of ${model} with the weights of every source`,
			title: `${model}: output with another layer’s attention weights`
		},
		damage: {
			name: 'loss added (nats/token)',
			label: `loss added when every follower layer of ${model} reuses every source`,
			title: `${model}: loss added by reusing another layer’s attention weights`
		},
		recall: {
			name: 'recall increase, nats/token',
			label: `recall increase when every follower layer of ${model} reuses every source`,
			title: `${model}: recall lost by reusing another layer’s attention weights`
		}
	}[map];
	return {
		...words,
		subtitle: `${words.name} · ${measured}`,
		...directed,
		key: `${key}${beyond > 0 ? cut : ''}.`,
		file: [map]
	};
}
