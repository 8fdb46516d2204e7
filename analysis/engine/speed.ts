import { availableParallelism } from 'node:os';
import * as v from 'valibot';
import type { OnnxDevice, OnnxDtype } from './onnxDevices.ts';
import type { TorchSettings } from './torchSettings.ts';
import { readCache, writeCache } from '../model/checkpoint/cacheFile.ts';

/** Engine, device and type, each of which has a speed of its own. */
export interface SpeedOf {
	/** null: onnxruntime. */
	torch?: TorchSettings | null;
	/** Of onnxruntime; left out: the CPU. */
	device?: OnnxDevice;
	/** Of onnxruntime; left out: float32. */
	dtype?: OnnxDtype;
}

function fileOf({ torch = null, device = 'cpu', dtype = 'float32' }: SpeedOf): string {
	if (torch !== null) return `speed-torch-${torch.device.replace(':', '')}-${torch.dtype}.json`;
	return device === 'cpu' ? 'speed.json' : `speed-${device}-${dtype}.json`;
}

const speedSchema = v.object({
	version: v.literal(1),
	operationsPerSecond: v.pipe(v.number(), v.minValue(1))
});

/** A core with AVX2 does about 40 to 120 GFLOP/s of float32 products; much is lost on the way. */
const GUESSED_OPERATIONS_PER_CORE_SECOND = 30e9;
/** A GPU on models that do not fill it. */
const GUESSED_OPERATIONS_PER_GPU_SECOND = 5e12;

/** Operations per second (in the unit of work.ts) of the last run of an engine in this workspace, else a guess. */
export async function operationsPerSecond(
	home: string,
	of: SpeedOf = {}
): Promise<{ rate: number; from: 'earlier runs' | 'guess' }> {
	const speed = await readCache(home, fileOf(of), speedSchema);
	if (speed !== null) return { rate: speed.operationsPerSecond, from: 'earlier runs' };
	const onCpu = (of.torch?.device ?? of.device ?? 'cpu') === 'cpu';
	return {
		rate: onCpu
			? GUESSED_OPERATIONS_PER_CORE_SECOND * availableParallelism()
			: GUESSED_OPERATIONS_PER_GPU_SECOND,
		from: 'guess'
	};
}

/** Remembers how fast a run was. */
export async function rememberSpeed(home: string, rate: number, of: SpeedOf = {}): Promise<void> {
	await writeCache(home, fileOf(of), { version: 1, operationsPerSecond: rate });
}
