import { InputError } from '../../errors.ts';
import { rememberedFor, rememberFor } from './remembered.ts';
import { sameSignatures, signaturesOf, type FileSignature } from './signature.ts';

/**
 * The hash of a model's files for one run, which is always that of the bytes that ran: it is begun before they are
 * read and confirmed after the last was.
 */
export class RunHash {
	readonly #home: string;
	readonly #files: readonly string[];
	readonly #before: FileSignature[];
	readonly #readAgain: () => Promise<string>;
	#hash: string | null;
	#remembered: boolean;

	private constructor(
		home: string,
		files: readonly string[],
		before: FileSignature[],
		known: string | null,
		readAgain: () => Promise<string>
	) {
		this.#home = home;
		this.#files = files;
		this.#before = before;
		this.#hash = known;
		this.#remembered = known !== null;
		this.#readAgain = readAgain;
	}

	/** To be called before anything of the files is read for the run. `readAgain` hashes them as they are on disk. */
	static async begin(
		home: string,
		files: readonly string[],
		readAgain: () => Promise<string>
	): Promise<RunHash> {
		const before = await signaturesOf(files);
		return new RunHash(home, files, before, await rememberedFor(home, before), readAgain);
	}

	/** Whether an earlier run has worked it out, so that nothing need be hashed. */
	get isKnown(): boolean {
		return this.#hash !== null;
	}

	/**
	 * The hash, once everything was read; `complete` works it out where it is not known, from what the run has read
	 * where it can. Throws InputError where the files were changed meanwhile and hold other
	 * bytes. Where only their times were, they are hashed again, and nothing is lost.
	 */
	async confirmed(complete: () => Promise<string> = this.#readAgain): Promise<string> {
		const hash = (this.#hash ??= await complete());
		const now = await signaturesOf(this.#files);
		const same = sameSignatures(now, this.#before);
		if (!same && (await this.#readAgain()) !== hash) {
			throw new InputError(
				`${this.#files[0]}: the weights were changed while the model ran; run it again`
			);
		}
		if (!same || !this.#remembered) {
			await rememberFor(this.#home, now, hash);
			this.#remembered = true;
		}
		return hash;
	}
}
