import { InputError, messageOf } from '../errors.ts';
import { impostorOf } from './impostor.ts';
import { quoted } from './quote.ts';

/** Parsed JSON of a text from outside. Throws InputError that begins with `where`. */
export function parseJson(text: string, where: string): unknown {
	try {
		return JSON.parse(text);
	} catch (error) {
		const impostor = impostorOf(text);
		throw new InputError(`${where}: ${impostor ?? `not JSON: ${quoted(messageOf(error))}`}`, {
			cause: error
		});
	}
}
