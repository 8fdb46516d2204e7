import { resolve } from 'node:path';
import { brokenLink } from '../../edge/links.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { exists } from '../checkpoint/files.ts';
import { describeFile } from '../checkpoint/foreign.ts';
import type { ModelListing } from '../checkpoint/types.ts';
import { findForm, holdsModel } from '../form.ts';
import type { FoundModel } from './folders.ts';
import { nearestName } from './nearest.ts';

/** More names make a message no clearer. */
const MAX_NAMED = 20;

/**
 * The folder that MODEL means: a listed model's id, its name where only one has it, or a folder; or an ONNX or GGUF file.
 * What begins with "." or "/" is always a path. `list` gives the models that can be had, all or those in folders that
 * have a model of a kind; all of them are looked into only to say which are known. Throws InputError that says which
 * are.
 */
export async function resolveModel(
	model: string,
	list: (wanted?: (model: FoundModel) => boolean) => Promise<readonly ModelListing[]>
): Promise<string> {
	if (!/^[./]/.test(model)) {
		const listings = await list((found) => mayBe(found, model));
		const listed = listings.find(({ id }) => id === model);
		if (listed !== undefined) return listed.folder;
		const named = listings.filter(({ name }) => name === model);
		if (named.length === 1) return named[0].folder;
	}
	if ((await findForm(model)) !== null) return resolve(model);
	if (await exists(model)) throw new InputError(`${quoted(model)}: ${await describeFile(model)}`);
	throw new InputError(await unknownModel(model, await list()));
}

/** Returns true if a name is that of a listed model, or of a folder or file that holds one, usable or not. */
export async function isModel(
	name: string,
	list: (wanted?: (model: FoundModel) => boolean) => Promise<readonly ModelListing[]>
): Promise<boolean> {
	if (await holdsModel(name)) return true;
	if (/^[./]/.test(name)) return false;
	const listings = await list((found) => mayBe(found, name));
	return listings.some((listed) => listed.id === name || listed.name === name);
}

async function unknownModel(model: string, listings: readonly ModelListing[]): Promise<string> {
	const broken = await brokenLink(model);
	if (broken !== null) return `${quoted(model)}: ${broken}`;
	const nearest = nearestName(
		model,
		listings.flatMap(({ id, name }) => [id, name])
	);
	const named = listings.find(({ id, name }) => id === nearest || name === nearest)?.id;
	const known = listings.slice(0, MAX_NAMED).map(({ id }) => quoted(id));
	const more = listings.length - known.length;
	if (more > 0) known.push(`and ${more} more, which spanwise models lists`);
	const list = known.length === 0 ? 'none' : known.join(', ');
	const hint = named === undefined ? '; known' : `; did you mean ${quoted(named)}? Known`;
	return `${quoted(model)}: no such model: neither a folder nor listed${hint}: ${list}`;
}

/** Returns true if `model` may mean this model, by its name or by its id, to which a number is added if it is taken. */
function mayBe({ id, name }: FoundModel, model: string): boolean {
	return name === model || withoutNumber(id) === withoutNumber(model);
}

function withoutNumber(id: string): string {
	return id.replace(/(-\d+)+$/, '');
}
