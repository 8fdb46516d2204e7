import type { Target } from '../target.ts';
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
		() => new HttpTarget()
	].map((make) => [make().name, make])
);
