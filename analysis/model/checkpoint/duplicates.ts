import { parseJson } from '../../edge/parseJson.ts';

/**
 * The first key that a JSON object's text holds twice at its top level, or null. JSON.parse keeps the last
 * one silently, so that two readers of one file could see different tensors. The text must be valid JSON.
 */
export function duplicateKey(json: string): string | null {
	const seen = new Set<string>();
	let depth = 0;
	let at = 0;
	while (at < json.length) {
		const char = json[at];
		if (char === '{' || char === '[') depth++;
		else if (char === '}' || char === ']') depth--;
		else if (char === '"') {
			const end = stringEnd(json, at);
			if (depth === 1 && isKey(json, end)) {
				const key = parseJson(json.slice(at, end), 'a key') as string;
				if (seen.has(key)) return key;
				seen.add(key);
			}
			at = end;
			continue;
		}
		at++;
	}
	return null;
}

/** Index after the closing quote of the string that opens at `start`. */
function stringEnd(json: string, start: number): number {
	let at = start + 1;
	while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
	return at + 1;
}

function isKey(json: string, end: number): boolean {
	let at = end;
	while (at < json.length && ' \t\r\n'.includes(json.charAt(at))) at++;
	return json[at] === ':';
}
