import { InputError } from '../../errors.ts';

/** Ends the message of a refusal by the program's own engine. */
export const TORCH_RUNS =
	'spanwise analyze --engine torch runs most decoders that transformers loads';

/**
 * A model that is whole, and that the program's own engine does not know how to run: another engine may. All other
 * `InputError`s about a model mean that it is broken, whoever runs it.
 */
export class OwnEngineRefusal extends InputError {
	/** Feature that the engine does not know, without the place: `architecture is "OPTForCausalLM"`. */
	readonly why: string;

	/** `where`: the file, and the key in it. `allowed`: what is read instead. */
	constructor(where: string, why: string, allowed: string) {
		super(`${where}: ${why}; ${allowed}; ${TORCH_RUNS}`);
		this.why = why;
	}
}

/** Describes a model that PyTorch alone runs; `why`: see `ModelFacts.onlyTorch`. */
export function onlyTorchWords(why: string): string {
	return `only PyTorch runs this model: ${why}`;
}
