import type { Target } from '../target.ts';
import { BundleTarget } from './bundle.ts';
import { GgufTarget } from './gguf.ts';
import { LabelsTarget } from './labels.ts';
import { PartsTarget } from './parts.ts';
import { QuantisedTarget } from './quantised.ts';
import { SamplesTarget } from './samples.ts';
import { ConfigTarget } from './config.ts';
import { HttpTarget } from './http.ts';
import { JobsTarget } from './jobs.ts';
import { OnnxTarget } from './onnx.ts';
import { PlanTarget } from './plan.ts';
import { RunFolderTarget } from './runFolder.ts';
import { SafetensorsTarget } from './safetensors.ts';
import { ShardsTarget } from './shards.ts';
import { TokenizerTarget } from './tokenizer.ts';

/** Every kind of input that is fuzzed, by name. */
export const TARGETS: ReadonlyMap<string, () => Target> = new Map(
	[
		() => new SafetensorsTarget(),
		() => new ShardsTarget(),
		() => new ConfigTarget(),
		() => new OnnxTarget(),
		() => new PlanTarget(),
		() => new RunFolderTarget(),
		() => new TokenizerTarget(),
		() => new JobsTarget(),
		() => new BundleTarget(),
		() => new GgufTarget(),
		() => new LabelsTarget(),
		() => new PartsTarget(),
		() => new QuantisedTarget(),
		() => new SamplesTarget(),
		() => new HttpTarget()
	].map((make) => [make().name, make])
);
