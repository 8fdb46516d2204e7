import { quoted } from '../edge/quote.ts';
import { InputError, messageOf } from '../errors.ts';

/** Longest part of onnxruntime's own words that is repeated: its reason stands in the first few hundred characters. */
const MAX_SAID = 500;
/** Escape sequences that set colours. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
/** Where in its own source onnxruntime stood: "/onnxruntime_src/onnxruntime/core/x.cc:12 void F(int) ". */
const SOURCE_LINE = /\S*\/onnxruntime\/\S+\.(?:cc|h):\d+ /g;

/** An error of onnxruntime in one line, without colours, line breaks and places in its source; `file` names the model. */
export function refused(file: string, error: unknown): InputError {
	const said = messageOf(error)
		.replaceAll(COLOURS, '')
		.replaceAll(/\s+/g, ' ')
		.replaceAll(SOURCE_LINE, '')
		.trim();
	return new InputError(`${file}: onnxruntime cannot run it: ${quoted(said, MAX_SAID)}`, {
		cause: error
	});
}
