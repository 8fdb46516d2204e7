import { BENCH_DEFAULTS } from '$analysis/measure/bench/defaults.ts';
import type { BenchReport } from '$analysis/measure/bench/benchTypes.ts';
import type { NewMeasurementOf } from '../../client/api.ts';
import type { AskedPlan } from '../../measure/askedPlan.ts';

type NewBench = NewMeasurementOf<'bench'>;

/** What the form of a bench holds, its plan apart; null: an empty number. */
export interface BenchFields {
	dtype: NonNullable<NewBench['dtype']>;
	prompt: number | null;
	generate: number | null;
	batch: number | null;
	repeats: number | null;
}

/** What the form starts with: the command's defaults, as far as the model has positions. */
export function benchFields(maxPositions: number): BenchFields {
	const generate = Math.max(1, Math.min(BENCH_DEFAULTS.generate, Math.floor(maxPositions / 2)));
	const prompt = Math.max(1, Math.min(BENCH_DEFAULTS.prompt, maxPositions - generate));
	return { ...BENCH_DEFAULTS, prompt, generate };
}

/** The settings of a bench that is open. */
export function benchFieldsOf({ setting, dtype }: BenchReport): BenchFields {
	return { ...setting, dtype: dtype === 'fp16' ? 'fp16' : 'fp32' };
}

/** What is asked for; null: something is missing. */
export function benchRequest(run: string, fields: BenchFields, asked: AskedPlan): NewBench | null {
	const { dtype, prompt, generate, batch, repeats } = fields;
	if (prompt === null || generate === null || batch === null || repeats === null) return null;
	return { kind: 'bench', run, ...asked, dtype, prompt, generate, batch, repeats };
}
