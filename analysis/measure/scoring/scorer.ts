import { join } from 'node:path';
import { deployModel } from '../../apply/deploy.ts';
import { modelFile } from '../../apply/onnx.ts';
import { withScratch } from '../../apply/scratch.ts';
import { DecoderSession } from '../../engine/deploySession.ts';
import { requirePlan } from '../../engine/checkPlan.ts';
import { InputError } from '../../errors.ts';
import { checkFinite } from '../../finite.ts';
import { requireCheckpoint, withModel } from '../../model/open.ts';
import type { Plan } from '../../plan/types.ts';
import { scoreLogits, withoutFirst, type Scored, type ScoredModel } from './completion.ts';

/** Float32 weights of both models. */
const COPIES = 2 * 4;

/** A model, a plan of it, and where the two may be written for a while. */
export interface ScorerRequest {
	model: string;
	/** null: the baseline alone is scored. */
	plan: Plan | null;
	planFolder: string;
	home: string;
}

/** Scores sequences by the baseline and the planned model. */
export interface Scorer {
	/** Throws InputError for a model that is not served, unknown ids, sequences that are too long, and logits that are no numbers. */
	score(which: ScoredModel, sequences: readonly (readonly number[])[]): Promise<Scored[]>;
}

/**
 * Writes both models as decoders into the workspace, opens them and hands a scorer to `use`; they are removed in the end.
 * A BOS that the tokenizer sets is put before sequences that do not begin with it, and is not in their answers. Throws
 * InputError where model or plan are at fault.
 */
export async function withScorer(
	{ model: path, plan, planFolder, home }: ScorerRequest,
	use: (scorer: Scorer) => Promise<void>
): Promise<void> {
	await withModel(path, async (model) => {
		requireCheckpoint(model);
		if (plan !== null) requirePlan(model, plan, 'run');
		const { bosId } = await model.tokenizer();
		const { maxPositions, vocab, parameters } = model.facts;
		const bytesNeeded = COPIES * parameters;
		await withScratch({ home, id: 'completions', bytesNeeded }, async (folder) => {
			const open = async (which: ScoredModel, of: Plan | null) => {
				const out = join(folder, which);
				const request = { plan: of, planFolder, target: 'onnx', dtype: null, out } as const;
				await deployModel(model, { ...request, verify: false, home }, () => undefined);
				return DecoderSession.open(join(out, modelFile('fp32')));
			};
			const sessions = new Map<ScoredModel, DecoderSession>();
			sessions.set('baseline', await open('baseline', null));
			if (plan !== null) sessions.set('planned', await open('planned', plan));
			await use({
				score: async (which, sequences) => {
					const session = sessions.get(which);
					if (session === undefined) {
						throw new InputError('model: planned is not served; start the server with --plan');
					}
					const scored: Scored[] = [];
					for (const given of sequences) {
						const added = bosId !== null && given[0] !== bosId;
						const ids = added ? [bosId, ...given] : [...given];
						checkIds(ids, { maxPositions, vocab });
						const logits = await session.read(session.start(1), [ids]);
						checkFinite(logits, model.path, 'a logit');
						const found = scoreLogits(logits, session.vocab, ids);
						scored.push(added ? withoutFirst(found) : found);
					}
					return scored;
				}
			});
		});
	});
}

function checkIds(
	ids: readonly number[],
	{ maxPositions, vocab }: { maxPositions: number; vocab: number }
): void {
	if (ids.length > maxPositions) {
		throw new InputError(
			`prompt: ${ids.length} tokens, BOS included; the model has positions for at most ${maxPositions}`
		);
	}
	const unknown = ids.find((id) => id >= vocab);
	if (unknown !== undefined) {
		throw new InputError(`prompt: token id ${unknown}; the model has ${vocab}`);
	}
}
