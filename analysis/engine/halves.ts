import * as ort from 'onnxruntime-node';

/**
 * Lets float16 tensors hold Uint16Array, which is all that onnxruntime-node 1.30 reads. Where there is a Float16Array,
 * in Node 23 and later, onnxruntime-common takes that, and the binding finds it empty. It decides at the first tensor of
 * the process: that one is made here, while there is none.
 */
export function keepHalvesAsUint16(): void {
	const halves = Object.getOwnPropertyDescriptor(globalThis, 'Float16Array');
	if (halves === undefined) return;
	Reflect.deleteProperty(globalThis, 'Float16Array');
	try {
		new ort.Tensor('float16', new Uint16Array(1), [1]);
	} finally {
		Object.defineProperty(globalThis, 'Float16Array', halves);
	}
}
