import { InvalidArgumentError } from 'commander';

const UNITS = new Map([
	['k', 1e3],
	['m', 1e6],
	['g', 1e9],
	['t', 1e12]
]);

/** "4GB", "800M", "1.5g" or bytes → bytes; k, M, G and T are powers of 1000. */
export function parseMemory(text: string): number {
	const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)b?$/i.exec(text.trim());
	const unit = UNITS.get(match?.[2].toLowerCase() ?? '') ?? 1;
	const bytes = match ? Math.round(Number(match[1]) * unit) : 0;
	if (!(bytes >= 1)) throw new InvalidArgumentError('expected a size such as 4GB or 800MB');
	return bytes;
}
