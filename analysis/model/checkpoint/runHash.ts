import { InputError } from '../../errors.ts';
import { rememberedFor, rememberFor } from './remembered.ts';
import { sameSignatures, signaturesOf, type FileSignature } from './signature.ts';

/**
 * The hash of a model's files for one run, which is always that of the bytes that ran: it is begun before they are
 * read and confirmed after the last was. `home` is the workspace, where hashes are remembered.
 */
export class RunHash {
	readonly #files: readonly string[];
	readonly #before: FileSignature[];
	readonly #readAgain: () => Promise<string>;
	#hash: string | null = null;
	#remembered = false;

	private constructor(
		files: readonly string[],
		before: FileSignature[],
		readAgain: () => Promise<string>
	) {
		this.#files = files;
		this.#before = before;
		this.#readAgain = readAgain;
	}

	/** To be called before anything of the files is read for the run. `readAgain` hashes them as they are on disk. */
	static async begin(files: readonly string[], readAgain: () => Promise<string>): Promise<RunHash> {
		return new RunHash(files, await signaturesOf(files), readAgain);
	}

	/** The hash as an earlier run has worked it out, so that nothing need be hashed; null: it is not known. */
	async known(home: string): Promise<string | null> {
		if (this.#hash !== null) return this.#hash;
		this.#hash = await rememberedFor(home, this.#before);
		this.#remembered = this.#hash !== null;
		return this.#hash;
	}

	/**
	 * The hash, once everything was read; `complete` works it out where it is not known, from what the run has read
	 * where it can. Throws InputError where the files were changed meanwhile and hold other
	 * bytes. Where only their times were, they are hashed again, and nothing is lost.
	 */
	async confirmed(
		home: string,
		complete: () => Promise<string> = this.#readAgain
	): Promise<string> {
		const hash = (await this.known(home)) ?? (await complete());
		this.#hash = hash;
		const now = await signaturesOf(this.#files);
		const same = sameSignatures(now, this.#before);
		if (!same && (await this.#readAgain()) !== hash) {
			throw new InputError(
				`${this.#files[0]}: the weights were changed while the model ran; run it again`
			);
		}
		if (!same || !this.#remembered) {
			await rememberFor(home, now, hash);
			this.#remembered = true;
		}
		return hash;
	}
}
