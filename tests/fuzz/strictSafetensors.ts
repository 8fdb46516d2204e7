import type { TensorSource } from '../builders/safetensors.ts';

/** Bytes an element, of the types that the reference implementation knows. */
const SIZES: Readonly<Record<string, number>> = {
	BOOL: 1,
	U8: 1,
	I8: 1,
	F8_E5M2: 1,
	F8_E4M3: 1,
	F8_E8M0: 1,
	I16: 2,
	U16: 2,
	F16: 2,
	BF16: 2,
	I32: 4,
	U32: 4,
	F32: 4,
	I64: 8,
	U64: 8,
	F64: 8
};
const MAX_HEADER_BYTES = 100_000_000;

/**
 * Reads a safetensors file by the rules of the reference implementation (safetensors, Rust: the header is JSON that
 * begins with "{", offsets follow one another without gaps and cover the rest of the file, every tensor is as long as
 * its shape and type ask), apart from Spanwise's own reader. Tensors that are no float32 have `values` of length 0.
 * Null where the reference refuses.
 */
export function readStrictly(bytes: Buffer): TensorSource[] | null {
	if (bytes.length < 8) return null;
	const length = bytes.readBigUInt64LE(0);
	if (length > MAX_HEADER_BYTES || length > bytes.length - 8) return null;
	const end = 8 + Number(length);
	const header = parseHeader(bytes.subarray(8, end));
	if (header === null) return null;
	const data = bytes.subarray(end);
	const entries = Object.entries(header).filter(([name]) => name !== '__metadata__');
	const tensors = entries.map(([name, entry]) => tensorOf(name, entry, data));
	const whole = tensors.filter((tensor) => tensor !== null);
	if (whole.length < tensors.length || !areContiguous(whole, data.length)) return null;
	return whole.map(({ tensor }) => tensor);
}

interface Placed {
	tensor: TensorSource;
	start: number;
	end: number;
}

function parseHeader(bytes: Buffer): Record<string, unknown> | null {
	if (bytes[0] !== 0x7b) return null;
	let json: unknown;
	try {
		json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
	} catch {
		return null;
	}
	if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
	const header = json as Record<string, unknown>;
	const metadata = header.__metadata__;
	if (metadata === undefined) return header;
	if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) return null;
	return Object.values(metadata).every((value) => typeof value === 'string') ? header : null;
}

function tensorOf(name: string, entry: unknown, data: Buffer): Placed | null {
	if (typeof entry !== 'object' || entry === null) return null;
	const { dtype, shape, data_offsets: offsets } = entry as Record<string, unknown>;
	if (typeof dtype !== 'string' || !Object.hasOwn(SIZES, dtype)) return null;
	if (!areCounts(shape) || !areCounts(offsets) || offsets.length !== 2) return null;
	const [start, end] = offsets;
	const count = shape.reduce((product, size) => product * size, 1);
	if (end > data.length || end - start !== count * SIZES[dtype]) return null;
	const values =
		dtype === 'F32'
			? Float32Array.from({ length: count }, (_, at) => data.readFloatLE(start + 4 * at))
			: new Float32Array();
	return { tensor: { name, dtype: dtype as TensorSource['dtype'], shape, values }, start, end };
}

function areCounts(value: unknown): value is number[] {
	return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}

function areContiguous(tensors: readonly Placed[], length: number): boolean {
	const sorted = [...tensors].sort((a, b) => a.start - b.start || a.end - b.end);
	let at = 0;
	for (const { start, end } of sorted) {
		if (start !== at) return false;
		at = end;
	}
	return at === length;
}
