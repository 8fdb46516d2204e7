import { onlyTorchWords } from '../checkpoint/ownEngineRefusal.ts';
import type { ModelListing } from '../checkpoint/types.ts';

/** Models that only PyTorch runs, among those that nothing else keeps from being used. */
export function needTorch(listings: readonly ModelListing[]): boolean {
	return listings.some(({ facts, problem }) => problem === null && facts?.onlyTorch !== undefined);
}

/** The same models where `python` has no PyTorch: those that only it runs cannot be used. */
export function withoutTorch(listings: readonly ModelListing[], python: string): ModelListing[] {
	return listings.map((listing) => {
		const why = listing.facts?.onlyTorch;
		if (why === undefined || listing.problem !== null) return listing;
		return { ...listing, problem: `${onlyTorchWords(why)}; ${noTorchWords(python)}` };
	});
}

/** Explains that a Python lacks packages that models need to run in PyTorch, and how to get them. */
export function noTorchWords(python: string): string {
	return `${python} lacks torch, transformers, accelerate, safetensors or numpy: install them (pip install ./python), or name another Python by SPANWISE_PYTHON`;
}
