import type { TorchSettings } from '$analysis/engine/torchSettings.ts';
import { createContext } from 'svelte';

/** Whether this server can run models on PyTorch. */
const [get, set] = createContext<() => boolean>();

export const setTorchThere = set;

/** Whether PyTorch is offered; not where no page says so. */
export function torchThere(): () => boolean {
	try {
		return get();
	} catch {
		return () => false;
	}
}

/** The engine that made figures, as a form asks for it again; null: the program's own. */
export function torchOf({ engine }: { engine?: TorchSettings }): TorchSettings | null {
	return engine === undefined ? null : { device: engine.device, dtype: engine.dtype };
}
