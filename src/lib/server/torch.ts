import { firstDevice, hasTorch, type TorchThere } from '$analysis/engine/torchThere.ts';

/**
 * Availability of PyTorch on this server. Its presence is checked from the start; its first device, for which PyTorch
 * is loaded, is looked for once somebody asks.
 */
export class TorchLook {
	/** Resolves to true if the Python has all that the PyTorch engine imports. */
	readonly found: Promise<boolean>;
	readonly #python: string;
	readonly #first: typeof firstDevice;
	#known: TorchThere;
	#looking: Promise<TorchThere> | null = null;

	/** `look` and `first` stand in for what runs the Python. */
	constructor(python: string, look = hasTorch, first = firstDevice) {
		this.#python = python;
		this.#first = first;
		this.#known = { there: false, python, device: null };
		this.found = look(python);
		void this.found.then((there) => (this.#known = { ...this.#known, there }));
	}

	/** Availability as known so far, without waiting. */
	get known(): TorchThere {
		return this.#known;
	}

	/** The same with the first device, which the first call looks for. */
	withDevice(): Promise<TorchThere> {
		this.#looking ??= this.#look();
		return this.#looking;
	}

	async #look(): Promise<TorchThere> {
		if (await this.found) {
			this.#known = { there: true, python: this.#python, device: await this.#first(this.#python) };
		}
		return this.#known;
	}
}
