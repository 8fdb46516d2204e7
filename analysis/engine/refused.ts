import { quoted } from '../edge/quote.ts';
import { InputError, messageOf } from '../errors.ts';

/** Longest part of onnxruntime's own words that is repeated: its reason stands in the first few hundred characters. */
const MAX_SAID = 500;
/** Number of characters of a message that are read; it may repeat names of any length from the model. */
const MAX_READ = 4000;
/** Escape sequences that set colours. */
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
/** Word that names a place in the source of onnxruntime: "/onnxruntime_src/onnxruntime/core/x.cc:12". */
const SOURCE_LINE = /\.(?:cc|h):\d+$/;

/** An error of onnxruntime in one line, without colours, line breaks and places in its source; `file` names the model. */
export function refused(file: string, error: unknown): InputError {
	const words = messageOf(error).slice(0, MAX_READ).replaceAll(COLOURS, '').split(/\s+/);
	const said = words.filter((word) => word !== '' && !SOURCE_LINE.test(word)).join(' ');
	return new InputError(`${file}: onnxruntime cannot run it: ${quoted(said, MAX_SAID)}`, {
		cause: error
	});
}
