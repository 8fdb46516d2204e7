import { InvalidArgumentError } from 'commander';
import { freeMemoryBytes } from '../analysis/process/freeMemory.ts';

const UNITS: Record<string, number> = { '': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

/** "4GB", "800M", "1.5g", bytes, or "50%" of what is free now → bytes; k, M, G and T are powers of 1000. */
export function parseMemory(text: string): number {
	const match = /^(\d+(?:\.\d+)?)\s*(?:(%)|([kmgt]?)b?)$/i.exec(text.trim());
	const [, number, percent, unit = ''] = match ?? [];
	const one = percent ? freeMemoryBytes() / 100 : (UNITS[unit.toLowerCase()] ?? 1);
	const bytes = match ? Math.round(Number(number) * one) : 0;
	if (!(bytes >= 1) || (percent && Number(number) > 100)) {
		throw new InvalidArgumentError(
			'expected a size such as 4GB or 800MB, or a percentage such as 50%'
		);
	}
	return bytes;
}
