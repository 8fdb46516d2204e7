import * as v from 'valibot';
import { parseOrNull } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';

/**
 * Refuses the tokenizer.json files with which the tokenizers library ends the process instead of giving an error, and
 * those whose ids would be random. All else is left to the library to check. `where` names the file. Throws InputError.
 */
export function checkSafe(json: unknown, where: string): void {
	const file = parseOrNull(fileSchema, json);
	if (file === null) return;
	checkBpe(file.model, where);
	for (const part of [file.pre_tokenizer, file.post_processor]) checkPart(part, where);
}

const fileSchema = v.looseObject({
	model: v.unknown(),
	pre_tokenizer: v.optional(v.unknown()),
	post_processor: v.optional(v.unknown())
});

const bpeSchema = v.looseObject({
	/** Files of old versions have no type. */
	type: v.optional(v.literal('BPE')),
	/** Not v.record, which drops keys such as "constructor": an ordinary token. */
	vocab: v.custom<object>((value) => typeof value === 'object' && value !== null),
	merges: v.array(v.unknown()),
	dropout: v.optional(v.unknown()),
	continuing_subword_prefix: v.optional(v.unknown())
});

/** The library joins the two tokens of a merge in a buffer as long as the longest token, whatever their length. */
function checkBpe(model: unknown, where: string): void {
	const bpe = parseOrNull(bpeSchema, model);
	if (bpe === null) return;
	if (typeof bpe.dropout === 'number' && bpe.dropout > 0 && bpe.dropout <= 1) {
		throw new InputError(
			`${where}: model.dropout: found ${bpe.dropout}, which makes ids random; expected null`
		);
	}
	const { continuing_subword_prefix: prefix } = bpe;
	const prefixBytes = typeof prefix === 'string' ? Buffer.byteLength(prefix) : 0;
	for (const merge of bpe.merges) {
		const pair: unknown[] =
			typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : [];
		const [first, second] = pair;
		if (pair.length !== 2 || typeof first !== 'string' || typeof second !== 'string') continue;
		if (Buffer.byteLength(second) < prefixBytes) {
			throw new InputError(
				`${where}: model.merges: "${quoted(second)}" is shorter than the continuing_subword_prefix`
			);
		}
		const joined = first + withoutBytes(second, prefixBytes);
		if (!Object.hasOwn(bpe.vocab, joined)) {
			throw new InputError(
				`${where}: model.merges: "${quoted(first)}" and "${quoted(second)}" make ` +
					`"${quoted(joined)}", which is not in the vocabulary`
			);
		}
	}
}

/** A token without the prefix that says that it continues a word, which the library takes off by its length. */
function withoutBytes(token: string, prefixBytes: number): string {
	return prefixBytes === 0 ? token : Buffer.from(token).subarray(prefixBytes).toString();
}

const partSchema = v.looseObject({
	type: v.string(),
	length: v.optional(v.number()),
	single: v.optional(
		v.array(v.looseObject({ SpecialToken: v.optional(v.looseObject({ id: v.string() })) }))
	),
	special_tokens: v.optional(v.custom<object>((value) => typeof value === 'object'))
});

function checkPart(part: unknown, where: string): void {
	if (typeof part !== 'object' || part === null) return;
	for (const each of Object.values(part)) checkPart(each, where);
	const parsed = parseOrNull(partSchema, part);
	if (parsed === null) return;
	const { type, length, single, special_tokens } = parsed;
	if (type === 'FixedLength' && length === 0) {
		throw new InputError(`${where}: FixedLength: found length 0; expected at least 1`);
	}
	if (type !== 'TemplateProcessing') return;
	for (const { SpecialToken } of single ?? []) {
		if (SpecialToken && !Object.hasOwn(special_tokens ?? {}, SpecialToken.id)) {
			throw new InputError(
				`${where}: TemplateProcessing: "${quoted(SpecialToken.id)}" is not among its special_tokens`
			);
		}
	}
}
