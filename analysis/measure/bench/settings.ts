import * as v from 'valibot';
import { wholeNumber } from '../../edge/values.ts';
import { DECODER_DTYPES } from '../../graph/decode/weights.ts';
import { parsePlan } from '../../plan/planFile.ts';
import { oneFlag, type FlagTable } from '../flags.ts';
import { countOf, parsedBy, recallFlag, recallSetting } from '../settings.ts';
import { BENCH_DEFAULTS } from './defaults.ts';

/** Schema of the settings of a bench, with their defaults. */
export const benchSettings = v.object({
	plan: parsedBy('plan', parsePlan),
	/** Of what is written of a checkpoint; null: fp32, or the types that an ONNX model has. */
	dtype: v.optional(v.nullable(v.picklist(DECODER_DTYPES)), null),
	prompt: v.optional(countOf('prompt'), BENCH_DEFAULTS.prompt),
	generate: v.optional(countOf('generate'), BENCH_DEFAULTS.generate),
	batch: v.optional(countOf('batch'), BENCH_DEFAULTS.batch),
	repeats: v.optional(countOf('repeats'), BENCH_DEFAULTS.repeats),
	/** True if the plan's cost is measured in recall too. */
	recall: recallSetting
});
export type BenchSettings = v.InferOutput<typeof benchSettings>;

const count = (flag: string, about: string) => oneFlag({ flag, about, parse: wholeNumber(1) });

export const benchFlags: FlagTable<BenchSettings> = {
	prompt: count('--prompt <tokens>', 'tokens to read'),
	generate: count('--generate <tokens>', 'tokens to generate'),
	batch: count('--batch <sequences>', 'sequences at a time'),
	repeats: count('--repeats <count>', 'measured rounds per model'),
	dtype: oneFlag({
		flag: '--dtype <type>',
		about: `of what is written of a checkpoint (default: ${BENCH_DEFAULTS.dtype})`,
		choices: DECODER_DTYPES
	}),
	recall: recallFlag
};
