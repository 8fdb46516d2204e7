import type { About } from '../kind.ts';
import type { TorchSettings } from '../../engine/torchSettings.ts';
import type { MadeBy } from '../torchFlags.ts';
import type { ModelFigures } from '../figures.ts';
import type { RecallReport } from '../recall.ts';
import type { Spread } from '../../statistics/figures.ts';
import type { LayerRepairs } from '../../engine/repair/repairs.ts';
import type { Plan, Savings } from '../../plan/types.ts';
import type { ResampledOver } from '../../statistics/resample.ts';
import type { Document } from '../../model/tokens/types.ts';
import type { ChoicesReport, Question } from '../choices/types.ts';
import type { ProbeReport } from './probes/types.ts';

/** One model and one plan on one set of texts. */
export interface EvaluateRequest {
	/** Folder of the checkpoint or of an ONNX model, or an ONNX file. */
	modelFolder: string;
	/** tokenizer.json or its folder; by default what lies beside the model. */
	tokenizer?: string;
	plan: Plan;
	/** The refitted weights that the plan names, read by `readRepairs`; null: it names none, as for an ONNX model. */
	repairs: LayerRepairs | null;
	documents: Document[];
	/** Tokens in a window, BOS included. */
	context: number;
	/** Number of windows asked for; fewer are taken where the text is too short. */
	windows: number;
	/** Multiple-choice questions; null: none. */
	questions: Question[] | null;
	gates: Gates;
	/** True if in-context recall is measured too; undefined: true. */
	recall?: boolean;
	/** Tokens of a recall probe, BOS left out; undefined: 512. */
	recallTokens?: number;
	/** Lengths of long in-context probes, in tokens; undefined or empty: none. */
	probes?: readonly number[];
	/** The PyTorch engine; null or undefined: onnxruntime. */
	torch?: TorchSettings | null;
	/** Most bytes this process may use; null: 70% of what is free. */
	memoryLimitBytes: number | null;
	/** The workspace: remembered model hashes and speeds live there. */
	home: string;
}

/** Loss increase of the plan, paired by window, with its 95% interval; null bounds: a single window. */
export interface LossDelta {
	loss: number;
	low: number | null;
	high: number | null;
	/** Unit that was resampled; 'blocks' of neighbouring windows say nothing about other texts. */
	over: ResampledOver | null;
}

/** One window under both variants: means over its predicted tokens, and times. */
export interface WindowRow {
	/** Index of the document. */
	document: number;
	/** Character of the document at which the window starts (UTF-16 code units). */
	start: number;
	/** Predicted tokens, and UTF-8 bytes of their text. */
	tokens: number;
	bytes: number;
	/** Mean loss of a token. */
	baseline: number;
	shared: number;
	kl: number;
	agreement: number;
	/** Prefill time; see `Cost`. */
	baselineSeconds: number;
	sharedSeconds: number;
}

/** A window in full, so that one can read what broke; all as long as its predicted tokens. */
export interface WindowTokens {
	/** Index into the report's `windows`. */
	window: number;
	/** Text of each predicted token. */
	pieces: string[];
	/** Natural-log loss of each, under both variants. */
	baseline: number[];
	shared: number[];
}

/** Time and memory of one variant, baseline or planned. */
export interface VariantCost {
	/** Seconds per window in what `Cost.measured.timed` says. */
	prefillSeconds: Spread;
	/** CPU seconds of all threads in the same work, mean a window. */
	cpuSeconds: number;
	/** Highest resident set seen after a layer, or a run of the whole model, of this variant, bytes; both run in one process. */
	peakRssBytes: number;
}

export interface Cost {
	/** Measured, in one process, the variants taking turns at going first. */
	measured: {
		/**
		 * 'layers': all decoder layers; not reading weights, embedding and output head. 'model': the whole forward pass
		 * of an ONNX model, logits of every token included, with no cache. Not there: layers, by an earlier version.
		 */
		timed?: 'layers' | 'model';
		baseline: VariantCost;
		shared: VariantCost;
		/** Shared ÷ baseline of each window's prefill time. */
		prefillRatio: Spread;
		/** Highest resident set of the whole process, bytes. */
		processPeakRssBytes: number;
		/** Handling of weights: 'resident', both variants' together in memory; 'streamed', read for each group of windows. */
		weights: 'resident' | 'streamed';
	};
	/** Counted, not measured: for this context, one sequence, float32. */
	predicted: Savings;
}

/** Limits that a build server may set; undefined: not checked. */
export interface Gates {
	/** Most nats/token that sharing may add. */
	maxLossIncrease?: number;
	/** Smallest fraction of tokens, 0 to 1, on whose likeliest next token both must agree. */
	minAgreement?: number;
	/** Most that the fraction of rightly answered questions (`acc`) may fall, 0 to 1. */
	maxAccuracyDrop?: number;
	/** Most that the accuracy of long in-context probes may fall, 0 to 1; judged for each task and length. */
	maxProbeDrop?: number;
}

export type Verdict = 'pass' | 'fail' | 'inconclusive';

export interface JudgedGate {
	gate: keyof Gates;
	/** Subject of the gate where it judges several: "key-value, 512 tokens"; not there: it judges the whole. */
	of?: string;
	limit: number;
	value: number;
	low: number | null;
	high: number | null;
	verdict: Verdict;
	/** Amount by which the value breaks the limit; negative: it keeps the limit by so much. */
	excess: number;
}

/** Fails where one gate fails, else is inconclusive where one is. */
export interface GateReport {
	verdict: Verdict;
	judged: JudgedGate[];
}

/** Report of an evaluation, as `spanwise evaluate --json` prints it. */
export interface EvaluateReport {
	baseline: ModelFigures;
	shared: ModelFigures;
	delta: LossDelta;
	/** KL(baseline ‖ shared) of the next-token distributions (nats/token): mean and 99th percentile. */
	kl: { mean: number; p99: number };
	/** Fraction of tokens before which both find the same next token the most likely. */
	agreement: number;
	windows: WindowRow[];
	/** The windows that sharing made worst, the most added loss first; fewer where it added to fewer. */
	worst: WindowTokens[];
	cost: Cost;
	/** Not there where it was turned off, or the texts are too short. */
	recall?: RecallReport;
	/** Only where questions were asked. */
	choices?: ChoicesReport;
	/** Long in-context probes, by length, then task; only where they were asked for. */
	probes?: ProbeReport[];
	/** null: none asked for. */
	gates: GateReport | null;
}

/** A report and what it is about. */
export interface Evaluation extends MadeBy, Omit<About, 'windows'> {
	report: EvaluateReport;
	/** Notes, such as that fewer or shorter windows were cut than asked for, and why. */
	notes: string[];
	/** The plan was made for other weights; null: for these. */
	warning: string | null;
	seconds: number;
}
