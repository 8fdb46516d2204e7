import * as v from 'valibot';
import { boundedArray, parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { ARCHITECTURES, FAMILIES } from './families.ts';
import { OwnEngineRefusal } from './ownEngineRefusal.ts';
import type { Architecture } from './types.ts';

/** One in practice. */
const MAX_NAMED = 100;

const SUPPORTED = `supported: ${ARCHITECTURES.join(', ')}`;

const schema = v.object({
	architectures: v.nullish(boundedArray(v.unknown(), MAX_NAMED)),
	model_type: v.nullish(v.string()),
	spanwise: v.optional(v.unknown())
});

/**
 * The architecture that a config.json names. transformers 5 goes by `model_type`; older files have `architectures`
 * alone, and those of a model saved without its output embedding name the base class. Throws InputError for one
 * that is not supported, and where the two name different families.
 */
export function architectureOf(json: object, where: string): Architecture {
	const { architectures, model_type: type, spanwise } = parseUntrusted(schema, json, where);
	const named: unknown = architectures?.[0];
	const byType = ARCHITECTURES.find((name) => FAMILIES[name].modelType === type) ?? null;
	if (named === undefined || named === null) {
		if (byType !== null) return byType;
		const said = type == null ? 'not given' : `not given, and model_type is ${shown(type)}`;
		throw new OwnEngineRefusal(where, `architecture is ${said}`, SUPPORTED);
	}
	const byName = ARCHITECTURES.find((name) => isNameOf(name, named)) ?? null;
	if (byName === null) {
		throw new OwnEngineRefusal(where, `architecture is ${shown(named)}`, SUPPORTED);
	}
	if (byType !== null && byType !== byName) {
		throw new InputError(
			`${where}: architectures has ${shown(named)} and model_type is ${shown(type)}; expected the same family in both`
		);
	}
	// What was written with a plan has a type of its own, so that nothing else takes it for the plain model.
	if (byType === null && type != null && spanwise === undefined) {
		const types = ARCHITECTURES.map((name) => FAMILIES[name].modelType).join(', ');
		throw new OwnEngineRefusal(where, `model_type is ${shown(type)}`, `supported: ${types}`);
	}
	return byName;
}

/** The class of a model that was written with a plan for transformers, of which the modeling file beside it is the code. */
export function plannedClass(architecture: string): string {
	return `Spanwise${architecture}`;
}

/**
 * Returns true if a class is that of the architecture, its base model or its planned form. Case is ignored: early Llama
 * files write LLaMAForCausalLM.
 */
function isNameOf(architecture: string, name: unknown): boolean {
	if (typeof name !== 'string') return false;
	const known = [
		architecture,
		architecture.replace(/(ForCausalLM|LMHeadModel)$/, 'Model'),
		plannedClass(architecture)
	];
	return known.some((each) => each.toLowerCase() === name.toLowerCase());
}

function shown(value: unknown): string {
	return quoted(JSON.stringify(value));
}
