import type { Damage } from '../damage/types.ts';
import type { BenchReport, RatioSpread } from '../bench/benchTypes.ts';
import type { Evaluation } from '../evaluate/types.ts';
import type { Plan } from '../../plan/types.ts';
import type { Search } from '../search/types.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

export const RESULT_KINDS = ['damage', 'evaluate', 'search', 'bench'] as const;
export type ResultKind = (typeof RESULT_KINDS)[number];

/** `<home>/results/<id>/result.json`: a measurement, whoever asked for it, the command or the page. */
export interface StoredResult {
	format: 'spanwise/result';
	version: 1;
	id: string;
	createdAt: string;
	/** Version of Spanwise that made it. */
	spanwise: string;
	model: { name: string; hash: string; tokenizerHash?: string };
	texts: { name: string; sha256: string; characters: number }[];
	/** Of a bench: tokens of the prompt; it reads no texts. */
	context: number;
	/** Of a search: of each part. Of a bench: measured rounds a side. */
	windows: number;
	/** The command that makes it again. */
	command: string;
	telemetry: Telemetry | null;
	result:
		| { kind: 'damage'; damage: Damage }
		| { kind: 'evaluate'; plan: Plan; evaluation: Evaluation }
		/** Refitted weights of its plans lie beside it, under the names that the plans give. */
		| { kind: 'search'; search: Search }
		| { kind: 'bench'; plan: Plan; bench: BenchReport };
	/** Of all that stands above, see `sealed`; results of earlier versions have none. */
	checksum?: string;
}

/** What a list of results says of one. */
export interface ResultSummary {
	id: string;
	kind: ResultKind;
	createdAt: string;
	model: { name: string; hash: string; tokenizerHash?: string };
	texts: string[];
	context: number;
	windows: number;
	/** One line: "4 followers: +0.213 nats a token", "share, 12.5% of the KV cache: …" */
	words: string;
	/** Of an evaluation: what the history shows. */
	evaluation: {
		sources: (number | null)[];
		/** With refitted weights. */
		repaired: boolean;
		/** What the plan computes; see `planKey`. */
		plan: string;
		loss: number;
		low: number | null;
		high: number | null;
		baseline: number;
		agreement: number;
		/** 'pass', 'fail' or 'inconclusive'; null: no gates. */
		gates: string | null;
	} | null;
	/** Of a bench: ratios planned ÷ baseline. */
	bench: {
		sources: (number | null)[];
		/** Below 1 is less time. */
		firstToken: RatioSpread;
		/** Above 1 is faster. */
		tokensPerSecond: RatioSpread;
		/** Bytes of cache a token. */
		cache: number;
	} | null;
}
