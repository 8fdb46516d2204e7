import type { EngineRecord } from '$analysis/engine/path.ts';
import type { TorchSettings } from '$analysis/engine/torchSettings.ts';
import type { TorchThere } from '$analysis/engine/torchThere.ts';
import { createContext } from 'svelte';

/** Availability of PyTorch, as a page knows it. */
interface TorchKnown {
	/** null: no page says so. */
	found: () => TorchThere | null;
	/** Has the page ask the server again. */
	again: () => Promise<void>;
}

const [get, set] = createContext<TorchKnown>();

export const setTorchThere = set;

/** Returns the availability of PyTorch that the page around a component provides; `found` is null outside of one. */
export function torchThere(): TorchKnown {
	try {
		return get();
	} catch {
		return { found: () => null, again: () => Promise.resolve() };
	}
}

/** PyTorch as a form first offers it. */
export function firstTorch(found: TorchThere | null): TorchSettings {
	return { device: found?.device ?? 'cpu', dtype: 'float32' };
}

/** The engine that a form asks for: the chosen one, and PyTorch where `only` it runs the model. */
export function engineOf(
	chosen: TorchSettings | null,
	only: string | undefined,
	found: TorchThere | null
): TorchSettings | null {
	return chosen ?? (only === undefined ? null : firstTorch(found));
}

/** The engine that made figures, as a form asks for it again; null: the program's own. */
export function torchOf({ engine }: { engine?: EngineRecord }): TorchSettings | null {
	return engine?.name === 'torch' ? { device: engine.device, dtype: engine.dtype } : null;
}
