import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import type { MetadataValue } from './header.ts';

/** Reads a GGUF file's metadata by key and type; messages name the file and the key. */
export class Metadata {
	readonly #values: ReadonlyMap<string, MetadataValue>;
	readonly #where: string;

	constructor(values: ReadonlyMap<string, MetadataValue>, where: string) {
		this.#values = values;
		this.#where = where;
	}

	has(key: string): boolean {
		return this.#values.has(key);
	}

	/** null: not there. */
	number(key: string): number | null {
		const value = this.#values.get(key) ?? null;
		if (value === null) return null;
		if (typeof value === 'bigint') return Number(value);
		if (typeof value === 'number') return value;
		throw this.#wrong(key, 'a number');
	}

	text(key: string): string | null {
		const value = this.#values.get(key) ?? null;
		if (value === null || typeof value === 'string') return value;
		throw this.#wrong(key, 'a text');
	}

	flag(key: string): boolean | null {
		const value = this.#values.get(key) ?? null;
		if (value === null || typeof value === 'boolean') return value;
		throw this.#wrong(key, 'true or false');
	}

	/** A list of texts; throws InputError where there is none. */
	texts(key: string): string[] {
		const value = this.#values.get(key);
		if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
		throw this.#wrong(key, 'a list of texts');
	}

	/** A list of numbers; null: not there. */
	numbers(key: string): number[] | null {
		const value = this.#values.get(key) ?? null;
		if (value === null) return null;
		if (Array.isArray(value) && value.every((item) => typeof item === 'number')) return value;
		throw this.#wrong(key, 'a list of numbers');
	}

	/** One number, or a list with one for each layer; null: not there. */
	numberOrNumbers(key: string): number | number[] | null {
		return Array.isArray(this.#values.get(key)) ? this.numbers(key) : this.number(key);
	}

	/** A number that must be there. */
	required(key: string): number {
		const value = this.number(key);
		if (value === null) throw this.#wrong(key, 'a number');
		return value;
	}

	#wrong(key: string, expected: string): InputError {
		const found = this.#values.get(key);
		const shown =
			found === undefined
				? 'not there'
				: Array.isArray(found)
					? `a list of ${found.length}`
					: quoted(String(found));
		return new InputError(`${this.#where}: ${key} is ${shown}; expected ${expected}`);
	}
}
