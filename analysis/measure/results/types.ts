import type { Plan } from '../../plan/types.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { IMPORTED, MEASUREMENTS } from '../kinds.ts';

type AnyMeasurement = (typeof MEASUREMENTS | typeof IMPORTED)[number];

export type ResultKind = AnyMeasurement['kind'];

type FiguresOf<M> = M extends { about(figures: infer Figures): unknown } ? Figures : never;

/** {kind: 'damage', damage: Damage}, or, of a kind that takes a plan, {kind: 'evaluate', plan, evaluation}. */
type ResultOf<M> = M extends {
	kind: infer Kind;
	key: infer Key extends string;
	takes: readonly (infer Input)[];
}
	? { kind: Kind } & Record<Key, FiguresOf<M>> & ('plan' extends Input ? { plan: Plan } : unknown)
	: never;

/** Kind and figures of a measurement, with the plan that was measured where the kind takes one. */
export type MeasuredResult = ResultOf<AnyMeasurement>;

/** The figures that lists show, each under its name; null: of another kind. */
type Briefs = {
	[M in AnyMeasurement as M extends { brief: { key: infer Key extends string } } ? Key : never]:
		(M extends { brief: { of(...args: never): infer Brief } } ? Brief : never) | null;
};

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
	/** Of a search: of each part. Of a bench: measured rounds per model. */
	windows: number;
	/** The command that makes it again. */
	command: string;
	telemetry: Telemetry | null;
	/** Refitted weights of a search's plans lie beside it, under the names that the plans give. */
	result: MeasuredResult;
	/** Of all that stands above, see `sealed`; results of earlier versions have none. */
	checksum?: string;
}

/** Summary of a result in a list. */
export interface ResultSummary extends Briefs {
	id: string;
	kind: ResultKind;
	createdAt: string;
	model: { name: string; hash: string; tokenizerHash?: string };
	texts: string[];
	context: number;
	windows: number;
	/** One line: "4 followers: +0.213 nats/token", "share, 12.5% of the KV cache: …" */
	words: string;
}
