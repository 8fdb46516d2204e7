import type { AskedDevice, OnnxDtype } from '../../engine/onnxDevices.ts';
import type { TorchSettings } from '../../engine/torchSettings.ts';
import type { Document } from '../../model/tokens/types.ts';
import type { Shard } from '../shards/shard.ts';
import type { Metric, View } from '../../similarity/types.ts';

/** One model on one set of texts. */
export interface AnalyzeRequest {
	/** Folder of the checkpoint or of an ONNX model, or an ONNX file. */
	modelFolder: string;
	/** tokenizer.json or its folder; by default what lies beside the model. */
	tokenizer?: string;
	documents: Document[];
	/** Tokens in a window, BOS included. */
	context: number;
	/** Number of windows asked for; fewer are taken where the text is too short. */
	windows: number;
	metrics: Metric[];
	views: View[];
	/** Queries per window that the js metric looks at. */
	jsRows: number | 'all';
	/** True if in-context recall is measured too; undefined: it is. */
	recall?: boolean;
	/** The PyTorch engine; null or left out: onnxruntime. */
	torch?: TorchSettings | null;
	/** Device that onnxruntime runs the model on; left out: the CPU. */
	device?: AskedDevice;
	/** Type that the products of layers are computed in there; left out: float32. */
	dtype?: OnnxDtype;
	/** The shard whose windows and probes are measured; left out: all. */
	shard?: Shard;
	/** Most bytes this process may use; null: 70% of what is free. */
	memoryLimitBytes: number | null;
	/** The workspace: remembered model hashes and speeds live there. */
	home: string;
}

/** Output of `spanwise analyze --json`; `run` is the id, or the path given with --out. */
export interface AnalyzeResult {
	run: string;
	model: string;
	tokens: number;
	windows: number;
	seconds: number;
	peakRssBytes: number;
}
