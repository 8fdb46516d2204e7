import { formatValue } from '../text/number.ts';
import { SHOWN_WORDS, type Shown } from '../similarity/shown.ts';
import type { Metric, View } from '../similarity/types.ts';
import { textWords, type DamageMapKind, type StoredDamage } from './damageCard.ts';
import { beyondRange, type MapShown } from './mapShown.ts';

/** Map of a run that is to be shown, with its numbers where it has any. */
export interface MapChoice {
	model: string;
	map: 'similarity' | DamageMapKind;
	metric: Metric;
	view: View;
	show: Shown;
	/** Numbers of the map; null: not there. */
	shown: MapShown | null;
	/** Range of its colours. */
	range: readonly [number, number];
	/** The damage that it is of; null: not measured, or a map of similarity. */
	stored: StoredDamage | null;
}

/** Texts of a map: its names, and the meaning of its colours. */
export interface MapWords {
	/** In legends and labels. */
	name: string;
	subtitle: string;
	/** Description of the map, for screen readers. */
	label: string;
	/** Title of a saved figure. */
	title: string;
	rowTitle: string;
	columnTitle: string;
	/** Note needed to read the colours; empty for similarities. */
	key: string;
	/** Words of the names of saved files. */
	file: string[];
}

export const MAP_ABOUT: Readonly<Record<MapChoice['map'], string>> = {
	similarity: 'How alike the attention of two layers is',
	output: 'How like its own output a layer’s attention block puts out with another’s weights',
	damage: 'Loss increase when a layer reuses another’s weights, measured',
	recall: 'What the same costs in-context recall: loss on a passage that comes again, measured'
};

export function mapWords(choice: MapChoice): MapWords {
	const { model, map, metric, view, show, shown, stored } = choice;
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
	const measured = stored === null ? 'not measured yet' : `measured on ${textWords(stored)}`;
	const beyond = shown === null ? 0 : beyondRange(shown, choice.range);
	const [low, high] = choice.range.map((end) => formatValue(end));
	const cut = ` ${beyond} ${beyond === 1 ? 'cell' : 'cells'} outside ${low} to ${high} ${beyond === 1 ? 'is' : 'are'} clipped.`;
	const key = {
		output: 'Bright: the block puts out much the same. 1 would be exactly the same.',
		damage:
			'Red costs, blue gains, white changes nothing. Diagonal: the layer’s attention dropped.',
		recall:
			stored !== null && stored.result.damage.report.recall === undefined
				? 'Recall was not measured with this damage: measure again.'
				: 'Red loses recall, white keeps it. Diagonal: the layer’s attention dropped.'
	}[map];
	const words = {
		output: {
			name: 'output',
			label: `output of every follower layer of ${model} with the weights of every source`,
			title: `${model}: output with another layer’s attention weights`
		},
		damage: {
			name: 'loss increase (nats/token)',
			label: `loss increase when every follower layer of ${model} reuses every source`,
			title: `${model}: loss increase by reusing another layer’s attention weights`
		},
		recall: {
			name: 'recall increase (nats/token)',
			label: `recall increase when every follower layer of ${model} reuses every source`,
			title: `${model}: recall lost by reusing another layer’s attention weights`
		}
	}[map];
	return {
		...words,
		subtitle: `${words.name} · ${measured}`,
		...directed,
		key: `${key}${beyond > 0 ? cut : ''}`,
		file: [map]
	};
}
