import { Option, type Command } from 'commander';
import { requireCheckpoint, withModel } from '../analysis/model/open.ts';
import type { ModelFacts } from '../analysis/model/checkpoint/types.ts';
import { InputError } from '../analysis/errors.ts';
import { DTYPE_BYTES, savings, SAVINGS_DEFAULTS } from '../analysis/plan/savings.ts';
import type { Plan } from '../analysis/plan/types.ts';
import { findModel } from './found.ts';
import { print, printJson, say, type Io } from './io.ts';
import { wholeNumber, withSharedOptions, type SharedOptions } from './options.ts';
import { readPlan } from './planFile.ts';
import { savingsText } from './savingsText.ts';

export type SavingsDtype = keyof typeof DTYPE_BYTES;

const HELP = `
Savings are predicted by counting, prefill and decode apart; no time follows from them. JSON: followers,
leftOut, kCache (bytes, bytesPerToken, shareOfK; shareOfKv: K and V saved, of both), vCache (bytes,
bytesPerToken: of dropped layers), parameters (count, share), prefill (flops, share, keptBytes), decode a step
(bytes not read, readBytes read instead, share).

Example (plan.json: made by the example of spanwise plan):
  spanwise savings plan.json --model mini-llama2 --context 1024 --batch 8`;

interface SavingsOptions extends SharedOptions {
	model: string;
	context: number;
	batch: number;
	dtype: SavingsDtype;
}

export function registerSavings(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('savings')
			.description('predict what a plan saves on a model')
			.argument('<plan>', 'a plan.json')
			.requiredOption('--model <model>', 'a folder, a listed name, or org/name from the cache')
			.option('--context <tokens>', 'tokens in context', wholeNumber(1), SAVINGS_DEFAULTS.context)
			.option('--batch <sequences>', 'sequences at a time', wholeNumber(1), SAVINGS_DEFAULTS.batch)
			.addOption(
				new Option('--dtype <dtype>', 'type the model is run in')
					.choices(Object.keys(DTYPE_BYTES))
					.default(SAVINGS_DEFAULTS.dtype)
			)
	)
		.addHelpText('after', HELP)
		.action(async (file: string, options: SavingsOptions) => {
			const plan = await readPlan(file);
			const path = await findModel(options.model, options, io);
			const { name, facts } = await withModel(
				path,
				(model) => {
					requireCheckpoint(model);
					return Promise.resolve({ name: model.name, facts: model.facts });
				},
				{ forOther: true }
			);
			if (facts.layers !== plan.model.layers) {
				throw new InputError(
					`${file}: a plan for ${plan.model.layers} layers; ${name} has ${facts.layers}`
				);
			}
			const { context, batch, dtype } = options;
			const other = otherModel(plan, facts);
			if (other !== null) say(io, `note: the plan was made for ${plan.model.name}: ${other}`);
			if (context > facts.maxPositions) {
				say(io, `note: ${name} has ${facts.maxPositions} positions; context ${context} is more`);
			}
			const setting = { context, batch, elementBytes: DTYPE_BYTES[dtype] };
			const predicted = savings(facts, plan.sources, setting);
			if (options.json) printJson(io, predicted);
			else print(io, savingsText(predicted, name, facts.layers, dtype));
		});
}

/** In what that savings depend on the model differs from the plan's; null: in nothing. */
function otherModel({ model }: Plan, facts: ModelFacts): string | null {
	const differing = (['architecture', 'heads', 'kvHeads'] as const)
		.filter((fact) => model[fact] !== facts[fact])
		.map((fact) => `${fact} ${model[fact]} there, ${facts[fact]} here`);
	return differing.length > 0 ? differing.join(', ') : null;
}
