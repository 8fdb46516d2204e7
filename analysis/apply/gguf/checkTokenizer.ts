import { InputError } from '../../errors.ts';
import type { CheckpointModel } from '../../model/open.ts';
import { loadTokenizer } from '../../model/tokens/tokenizer.ts';
import { SAMPLE_TEXT } from '../sample.ts';

/** Hard cases beside prose: digits, accents, spaces in a row, line ends, code, other scripts, a lone emoji. */
const HARD =
	'In 1984, naïve  café\n\n\tif (x != 10) { return "été"; }\r\n北京 Привет ½ 🙂 don\'t   end ';

/**
 * Throws InputError where the tokenizer in a written GGUF file does not give the ids of the model's own, on prose and on
 * hard cases.
 */
export async function checkTokenizer(file: string, model: CheckpointModel): Promise<void> {
	const own = await model.tokenizer();
	const written = await loadTokenizer(file, model.checkpoint.config);
	for (const text of [SAMPLE_TEXT, HARD]) {
		const [expected, found] = [await own.encode(text), await written.encode(text)];
		const at = expected.ids.findIndex((id, place) => found.ids.at(place) !== id);
		if (own.bosId === written.bosId && at === -1 && found.ids.length === expected.ids.length)
			continue;
		throw new InputError(
			`${model.name}: its tokenizer cannot be written into a GGUF file: token ${Math.max(at, 0)} of a sample text is ` +
				`${found.ids[at]} there and ${expected.ids[at]} here; convert the model with llama.cpp's ` +
				'convert_hf_to_gguf.py and apply the plan to the GGUF file'
		);
	}
}
