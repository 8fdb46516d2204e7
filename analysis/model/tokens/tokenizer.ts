import { join } from 'node:path';
import type { Encoding, Tokenizer as RustTokenizer } from 'tokenizers';
import { exists, isFolder } from '../checkpoint/files.ts';
import { missingTokenizer, TOKENIZER } from '../checkpoint/tokenizer.ts';
import type { ModelConfig } from '../checkpoint/types.ts';
import { quoted } from '../../edge/quote.ts';
import { InputError, messageOf } from '../../errors.ts';
import { readTokenizerFile, type TokenizerJson } from './file.ts';
import { byteCounter, pieceReader } from './pieces.ts';
import { markedBorders, settledTokens } from './settled.ts';
import type { Tokenizer } from './types.ts';

/**
 * The tokenizer of a model folder, or of a file: tokenizer.json, which alone says how a text becomes ids (transformers
 * from version 5 on ignores `add_bos_token` in tokenizer_config.json where there is one).
 * Throws InputError where there is none, where it cannot be used, and where its vocabulary has ids that the model's
 * embedding has no row for. Tokens added to the vocabulary may have such ids as long as no text has them.
 */
export async function loadTokenizer(
	place: string,
	config: Pick<ModelConfig, 'vocab'>
): Promise<Tokenizer> {
	const named = (await exists(place)) && !(await isFolder(place));
	const missing = named ? null : await missingTokenizer(place);
	if (missing !== null) throw new InputError(missing);
	const file = named ? place : join(place, TOKENIZER);
	const { rust, json, sha256 } = await readTokenizerFile(file);
	const where = quoted(file);
	const size = vocabularySize(json);
	if (size > config.vocab) {
		throw new InputError(
			`${where}: highest id is ${size - 1}; the embedding has ${config.vocab} rows, ` +
				'so this tokenizer belongs to another model'
		);
	}
	const tokenOf = (id: number): string | null => rust.idToToken(id);
	const checkIds = (ids: readonly number[], what: string): void => {
		const beyond = ids.find((id) => id >= config.vocab);
		if (beyond === undefined) return;
		throw new InputError(
			`${where}: ${what}: token "${quoted(tokenOf(beyond) ?? '')}" has id ${beyond}; the embedding ` +
				`has ${config.vocab} rows; use the model's own tokenizer, or take the token out of the text`
		);
	};
	const bosId = await bosIdOf(where, json, rust);
	if (bosId !== null) checkIds([bosId], 'puts a token before every text');
	const border = markedBorders(vocabularyTokens(json), tokenOf);
	return {
		sha256,
		bosId,
		encode: async (text) => {
			let encoding: Encoding;
			try {
				encoding = await rust.encode(text, null, { addSpecialTokens: false });
			} catch (error) {
				throw new InputError(`${where}: cannot encode the text: ${quoted(messageOf(error))}`, {
					cause: error
				});
			}
			const ids = encoding.getIds();
			checkIds(ids, 'found in the text');
			return {
				ids,
				settled: settledTokens(ids, encoding.getWordIds(), border),
				starts: () => startsIn(text, encoding)
			};
		},
		pieces: pieceReader(json, addedIds(json, rust), tokenOf),
		byteLengths: byteCounter(json, addedIds(json, rust), tokenOf)
	};
}

/** Highest id of the vocabulary + 1, without added tokens. */
function vocabularySize({ model: { vocab } }: TokenizerJson): number {
	if (Array.isArray(vocab)) return vocab.length;
	let size = 0;
	for (const id of Object.values(vocab)) size = Math.max(size, id + 1);
	return size;
}

function vocabularyTokens({ model: { vocab } }: TokenizerJson): string[] {
	if (!Array.isArray(vocab)) return Object.keys(vocab);
	return vocab.map((entry) => (Array.isArray(entry) ? String(entry[0]) : ''));
}

/** The library's ids: it numbers tokens that are not in the vocabulary itself, whatever the file says. */
function addedIds({ added_tokens }: TokenizerJson, rust: RustTokenizer): Set<number> {
	const ids = added_tokens.map(({ content }) => rust.tokenToId(content));
	return new Set(ids.filter((id) => id !== null));
}

/** Tokens of the vocabulary tried, besides "a", where a text of ordinary tokens is needed. */
const MOST_PROBES = 300;

/** The id that encoding with special tokens puts before a text, or null. Throws InputError where it puts several. */
async function bosIdOf(
	where: string,
	json: TokenizerJson,
	rust: RustTokenizer
): Promise<number | null> {
	for (const probe of ['a', ...vocabularyTokens(json).slice(0, MOST_PROBES)]) {
		// A text with a character that the vocabulary lacks may be refused, or have no token.
		const encoding = await rust.encode(probe).catch(() => null);
		const before = encoding?.getSpecialTokensMask().indexOf(0) ?? -1;
		if (encoding === null || before < 0) continue;
		if (before > 1) {
			throw new InputError(`${where}: puts ${before} tokens before a text; expected one or none`);
		}
		return before === 0 ? null : encoding.getIds()[0];
	}
	throw new InputError(`${where}: has no token for any text`);
}

/** The library counts in Unicode characters, of which those beyond U+FFFF have two code units. */
function startsIn(text: string, encoding: Encoding): number[] {
	const starts = encoding.getOffsets().map(([start]) => start);
	const units = [0];
	for (const character of text) units.push(units[units.length - 1] + character.length);
	return starts.map((start) => units[start]);
}
