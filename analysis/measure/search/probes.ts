import { attentionLayout } from '../../engine/layout.ts';
import { forwardWork } from '../../engine/work.ts';
import type { ModelConfig } from '../../model/checkpoint/types.ts';
import { cutProbes, PROBE_WINDOWS, type Probe, type Probes } from '../../model/tokens/probes.ts';
import type { Tokenizer } from '../../model/tokens/types.ts';
import { RECALL_OFF } from '../recallSetting.ts';
import type { CutParts } from './parts.ts';
import type { PlanSample } from './planRunner.ts';
import type { PreparedSearch } from './prepare.ts';
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
	{ documents, recall }: Pick<SearchRequest, 'documents' | 'recall'>,
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
		const found = await cutProbes(stretches, tokenizer, { windows: count, maxPositions });
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
	const notes = PARTS.flatMap((part) => found[part].notes);
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

/** Windows of text as plans are measured on them. */
export function textSample({
	parts,
	layout,
	memory,
	work
}: Pick<PreparedSearch, 'parts' | 'layout' | 'memory' | 'work'>): PlanSample {
	return {
		of: 'text',
		parts,
		layout,
		windowsPerGroup: memory.windowsPerGroup,
		scored: layout.context - 1,
		work
	};
}

/** Probes as plans are measured on them: only the passage that comes again goes through the output head. */
export function recallSample(
	config: ModelConfig,
	{ parts, context, scored }: PartProbes,
	windowsPerGroup: number,
	blockCount: number
): PlanSample | null {
	if (parts === null || context === null) return null;
	const layout = attentionLayout(config, context, blockCount);
	const { layer } = forwardWork(config, layout);
	const { head } = forwardWork(config, attentionLayout(config, scored + 1));
	return { of: 'recall', parts, layout, windowsPerGroup, scored, work: { layer, head } };
}
