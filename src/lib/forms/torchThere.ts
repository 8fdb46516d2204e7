import type { TorchSettings } from '$analysis/engine/torchSettings.ts';
import type { TorchThere } from '$analysis/engine/torchThere.ts';
import { createContext } from 'svelte';

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
export function torchOf({ engine }: { engine?: TorchSettings }): TorchSettings | null {
	return engine === undefined ? null : { device: engine.device, dtype: engine.dtype };
}
