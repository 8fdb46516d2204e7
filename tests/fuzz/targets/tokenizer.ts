import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Tokenizer as Reference } from 'tokenizers';
import { loadTokenizer } from '../../../analysis/model/tokens/tokenizer.ts';
import { TINY_TOKENIZER_SIZE, tinyTokenizer } from '../../builders/tokenizer.ts';
import { mutateBytes } from '../mutateBytes.ts';
import { mutateJson } from '../mutateJson.ts';
import type { Random } from '../random.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';

const TEXT =
	'the cat and the dog, ½ of 10² “quoted”\r\n\t  é e\u0301 日本語 🙂‍🙂 <|end|>the<|end|> x'.repeat(
		3
	);
/** Rows of the embedding: some more than the vocabulary has, so that added tokens may use them. */
const ROWS = TINY_TOKENIZER_SIZE + 4;

/** tokenizer.json. A mutant is refused, or gives the ids that Hugging Face's tokenizers gives, all with a row. */
export class TokenizerTarget implements Target {
	readonly name = 'tokenizer';
	readonly #seeds = [tinyTokenizer(true), tinyTokenizer(false), unigram()];

	prepare(): Promise<void> {
		return Promise.resolve();
	}

	async try(random: Random, folder: string): Promise<Outcome> {
		const wellFormed = random.chance(0.8);
		const seed = random.pick(this.#seeds);
		const within = random.chance(0.7)
			? random.pick(['model', 'pre_tokenizer', 'post_processor', 'added_tokens'])
			: undefined;
		const mutant = wellFormed
			? mutateJson(seed, random, within)
			: mutateBytes(Buffer.from(JSON.stringify(seed)), random);
		const { change } = mutant;
		const bytes = 'bytes' in mutant ? mutant.bytes : Buffer.from(JSON.stringify(mutant.value));
		await mkdir(folder, { recursive: true });
		await writeFile(join(folder, 'tokenizer.json'), bytes);
		const ids = await refusedOr(change, async () => {
			const tokenizer = await loadTokenizer(folder, { vocab: ROWS });
			const encoded = await tokenizer.encode(TEXT);
			tokenizer.pieces(encoded.ids);
			tokenizer.byteLengths(encoded.ids);
			return encoded.ids;
		});
		if (ids === null) return { change, wellFormed, verdict: 'refused' };
		const strange = ids.find((id) => !Number.isInteger(id) || id < 0 || id >= ROWS);
		if (strange !== undefined) throw new Finding(`${change}: id ${strange} of ${ROWS} rows`);
		const expected = await referenceIds(bytes.toString());
		if (ids.join() !== expected.join()) {
			throw new Finding(`${change}: ids ${ids.join()}; tokenizers gives ${expected.join()}`);
		}
		return { change, wellFormed, verdict: 'right' };
	}
}

/** A small Unigram tokenizer that falls back on bytes. */
function unigram(): Record<string, unknown> {
	const bytes = Array.from({ length: 256 }, (_, byte) => [
		`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`,
		-20
	]);
	const words = ['▁the', '▁cat', '▁and', '▁', 'e', 't', 'a'].map((word, at) => [word, -1 - at]);
	return {
		version: '1.0',
		added_tokens: [],
		normalizer: { type: 'NFKC' },
		pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
		post_processor: null,
		decoder: null,
		model: {
			type: 'Unigram',
			unk_id: 0,
			byte_fallback: true,
			vocab: [['<unk>', 0], ...bytes, ...words]
		}
	};
}

async function referenceIds(json: string): Promise<number[]> {
	const reference = Reference.fromString(json);
	reference.disableTruncation();
	reference.disablePadding();
	const encoding = await reference.encode(TEXT, null, { addSpecialTokens: false });
	return encoding.getIds();
}
