import type { EnginePath, EngineRecord } from '../../engine/path.ts';
import type { ModelFacts } from '../../model/checkpoint/types.ts';
import type { Metric, View } from '../../similarity/types.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

/** run.json: everything about a run but its sums and tokens. */
export interface RunRecord {
	format: 'spanwise/run';
	version: 1;
	id: string;
	status: 'complete';
	createdAt: string;
	/** Version of Spanwise that made it. */
	spanwise: string;
	model: ModelFacts & {
		name: string;
		folder: string;
		hash: string;
		/** SHA-256 of tokenizer.json; runs of earlier versions have none. */
		tokenizerHash?: string;
	};
	texts: { name: string; sha256: string; characters: number }[];
	/** Requested and used. `context` is the length of each window in tokens, BOS included. */
	context: number;
	windows: { document: number; start: number; tokens: number }[];
	/** Windows of each shard that measured some, in order: the null is over pairs within one. Left out: there was one. */
	shards?: number[];
	/** Tokens read, BOS counted. */
	tokens: number;
	bos: boolean;
	metrics: Metric[];
	views: View[];
	/** Queries per window that the js metric looked at. */
	jsRows: number | 'all';
	/** Per layer, mean over heads and sampled queries. */
	profile: { queriesPerWindow: number; entropyNats: number[]; firstTokenMass: number[] };
	/** Mean natural-log loss per predicted token, of the baseline. */
	loss: number;
	/** Loss on the second copy of a passage that comes again, over so many probes; not there where it was not measured. */
	recall?: { loss: number; windows: number };
	/** [L][H]: mean attention from a token of the second copy to the token after its first occurrence. */
	induction?: number[][];
	/** Files beside run.json: float64, row-major, little-endian. */
	files: Record<string, { dtype: 'float64'; shape: number[] }>;
	/** Engine that computed the run; runs of earlier versions have none. */
	engine?: EngineRecord & EnginePath;
	timings: { stage: string; seconds: number }[];
	seconds: number;
	peakRssBytes: number;
	/** Time, memory and processor use of the run; runs of version 0.1 have none. */
	telemetry?: Telemetry;
	/** Remarks for the user: "4 windows instead of 8: the text is too short". */
	notes: string[];
	/** The command that makes this run again. */
	command: string;
	/** Of each file beside run.json, lower-case hex; runs of earlier versions have none. */
	sha256?: Record<string, string>;
	/** Of all that stands above, see `sealed`; runs of earlier versions have none. */
	checksum?: string;
}

/** windows.json: the token ids of each window and what they look like on an axis. */
export interface RunWindows {
	windows: { ids: number[]; pieces: string[] }[];
}
