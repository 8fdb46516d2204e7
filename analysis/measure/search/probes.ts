import {
	cutProbes,
	PROBE_TOKENS,
	PROBE_WINDOWS,
	type Probe,
	type Probes
} from '../../model/tokens/probes.ts';
import type { Tokenizer, Window } from '../../model/tokens/types.ts';
import { lengthNotes, RECALL_OFF } from '../recallSetting.ts';
import type { CutParts } from './parts.ts';
import type { PlanSample } from './planRunner.ts';
import { PARTS, type Part, type SearchRequest } from './types.ts';

/** Probes of each part, or why there are none. */
interface PartProbes {
	parts: Record<Part, Probe[]> | null;
	/** Tokens of a probe, BOS included; null: there are none. */
	context: number | null;
	scored: number;
	notes: string[];
}

/**
 * Cuts the probes of each part out of the stretches of text that this part alone reads: at most 8 a part, and no more
 * than the part has windows. None at all where a part would have none.
 */
export async function partProbes(
	{
		documents,
		recall,
		recallTokens = PROBE_TOKENS
	}: Pick<SearchRequest, 'documents' | 'recall' | 'recallTokens'>,
	{ windows, regions }: CutParts,
	tokenizer: Tokenizer,
	maxPositions: number
): Promise<PartProbes> {
	const none = { parts: null, context: null, scored: 0 };
	if (recall === false) return { ...none, notes: [RECALL_OFF] };
	const cut = async (part: Part): Promise<Probes> => {
		const stretches = regions[part].map(({ document, from, to }) => ({
			name: `${documents[document].name}, ${part}`,
			text: documents[document].text.slice(from, to)
		}));
		const count = Math.min(PROBE_WINDOWS, windows[part].length);
		const found = await cutProbes(stretches, tokenizer, {
			...{ tokens: recallTokens, windows: count, maxPositions }
		});
		const probes = found.probes.map((probe) => ({
			...probe,
			document: regions[part][probe.document].document
		}));
		return { ...found, probes };
	};
	const found = {
		search: await cut('search'),
		choose: await cut('choose'),
		report: await cut('report')
	};
	const notes = [
		...lengthNotes(recallTokens, found.search.passage),
		...PARTS.flatMap((part) => found[part].notes)
	];
	const short = PARTS.filter((part) => found[part].probes.length === 0);
	if (short.length > 0) {
		const why = `recall was not measured: too little text for a probe in ${short.join(', ')}`;
		return { ...none, notes: [why] };
	}
	const { search, choose, report } = found;
	return {
		parts: { search: search.probes, choose: choose.probes, report: report.probes },
		context: search.context,
		scored: search.scored,
		notes
	};
}

/** Builds the samples of plans, without their work: windows of text, and probes where recall is measured. */
export function samplesOf(
	parts: Record<Part, Window[]>,
	context: number,
	probes: PartProbes
): Omit<PlanSample, 'work'>[] {
	const text = { of: 'text' as const, parts, context, scored: context - 1 };
	if (probes.parts === null || probes.context === null) return [text];
	const { scored } = probes;
	return [text, { of: 'recall', parts: probes.parts, context: probes.context, scored }];
}
