import { InputError } from '../../errors.ts';

/** Says that a checkpoint is needed in place of an ONNX file. */
export function onnxRefused(file: string): InputError {
	return new InputError(
		`${file}: an ONNX model; only analyze, inspect, evaluate, apply and bench take one; name the folder of the checkpoint that it came from`
	);
}
