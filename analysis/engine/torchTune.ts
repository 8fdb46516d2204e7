/** Tuning in the Python worker; see python/spanwise/tune.py. */
import * as v from 'valibot';
import { boundedArray, parseUntrusted } from '../edge/parse.ts';
import { processesOf, pythonOf } from './torchSettings.ts';
import { TorchWorker } from './torchWorker.ts';

const MOST_WINDOWS = 100_000;
const MOST_LOOKS = 10_000;

const finite = v.pipe(v.number(), v.finite());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const losses = boundedArray(finite, MOST_WINDOWS);

const look = v.object({
	step: count,
	objective: v.nullable(finite),
	loss: finite,
	recall: v.nullable(finite)
});
const measured = v.object({
	windows: losses,
	probes: losses,
	/** Summed log-likelihood of each choice, question by question, nats. */
	choices: v.optional(losses, [])
});

/** Schema of the figures that the worker measured of one model, before and after tuning. */
export const tunedFigures = v.object({
	before: measured,
	after: measured,
	looks: boundedArray(look, MOST_LOOKS),
	best: count,
	steps: count,
	/** The untouched model; null: it was not asked for. */
	baseline: v.optional(v.nullable(measured), null)
});
export type TunedFigures = v.InferOutput<typeof tunedFigures>;
export type TuneLook = v.InferOutput<typeof look>;

/** Token ids of windows and probes. */
interface TunePart {
	windows: readonly (readonly number[])[];
	probes: readonly (readonly number[])[];
	scored: number;
	/** Prompt and choice, of which the last `scored` tokens are the choice's. */
	choices?: readonly { ids: readonly number[]; scored: number }[];
}

/** One model to be tuned. */
export interface TuneTask {
	/** Folder of the model, and of the untouched one that it is distilled from. */
	model: string;
	teacher: string;
	train: readonly (readonly number[])[];
	stop: TunePart;
	report: TunePart;
	/** True if the untouched model is measured on the part `report` too. */
	baseline: boolean;
	settings: { device: string; [name: string]: unknown };
	/** File that a run which was stopped goes on from. */
	checkpoint: string;
	/** File for the tuned weights; null: they are not kept. */
	out: string | null;
}

/** Tunes one model. Throws InputError where Python, model, device or settings will not do. */
export async function tuneByTorch(
	task: TuneTask,
	{ onStep, onLook }: { onStep: (step: number) => void; onLook: (look: TuneLook) => void }
): Promise<TunedFigures> {
	const worker = await TorchWorker.start(
		pythonOf(process.env),
		{},
		processesOf(task.settings.device)
	);
	try {
		return await worker.ask('tune', task, tunedFigures, {
			onProgress: ({ done }) => onStep(done),
			onPart: (part) => {
				onLook(parseUntrusted(look, part, 'a look of the Python worker'));
				return Promise.resolve();
			}
		});
	} finally {
		await worker.close();
	}
}
