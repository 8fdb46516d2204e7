import type { TorchSettings } from '$analysis/engine/torchSettings.ts';
import { createContext } from 'svelte';

/** Whether this server can run models on PyTorch, and the Python that it looked at. */
export interface TorchThere {
	there: boolean;
	python: string;
}

const [get, set] = createContext<() => TorchThere>();

export const setTorchThere = set;

/** Whether PyTorch is offered; null where no page says so. */
export function torchThere(): () => TorchThere | null {
	try {
		return get();
	} catch {
		return () => null;
	}
}

/** The engine that made figures, as a form asks for it again; null: the program's own. */
export function torchOf({ engine }: { engine?: TorchSettings }): TorchSettings | null {
	return engine === undefined ? null : { device: engine.device, dtype: engine.dtype };
}
