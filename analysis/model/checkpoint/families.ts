import { CLASSIC } from './families/classic.ts';
import type { Family } from './families/family.ts';
import { GEMMAS } from './families/gemma.ts';
import { LLAMA_LIKE } from './families/llama.ts';
import { MIXTURES } from './families/mixtures.ts';
import { OTHERWISE_NORMED } from './families/norms.ts';
import type { Architecture, ModelConfig } from './types.ts';

/** The facts of every architecture that the program's own engine runs. */
export const FAMILIES: Record<Architecture, Family> = {
	...LLAMA_LIKE,
	...GEMMAS,
	...OTHERWISE_NORMED,
	...MIXTURES,
	...CLASSIC
};

export const ARCHITECTURES = Object.keys(FAMILIES) as Architecture[];

/** Returns true if the program's own engine runs models of that class. */
function isArchitecture(name: string): name is Architecture {
	return Object.hasOwn(FAMILIES, name);
}

/** The family of a model that the program's own engine runs. */
export function familyOf({ architecture }: Pick<ModelConfig, 'architecture'>): Family {
	if (isArchitecture(architecture)) return FAMILIES[architecture];
	throw new RangeError(`${architecture} is not run by this engine`);
}
