import type { Random } from './random.ts';

/** A changed copy of a file's bytes, and how it was changed. */
export interface MutatedBytes {
	bytes: Buffer;
	change: string;
}

const LONGEST_SLICE = 64;

/** Damages bytes as disks, transfers and editors do: bits flip, ends are lost, parts come twice or are blank. */
export function mutateBytes(original: Uint8Array, random: Random): MutatedBytes {
	const bytes = Buffer.from(original);
	const at = random.int(Math.max(1, bytes.length));
	const length = 1 + random.int(Math.min(LONGEST_SLICE, Math.max(1, bytes.length - at)));
	const slice = bytes.subarray(at, at + length);
	const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
	switch (random.pick(['flip', 'truncate', 'repeat', 'remove', 'blank', 'noise'])) {
		case 'flip': {
			const bit = random.int(8);
			if (bytes.length > 0) bytes[at] ^= 1 << bit;
			return { bytes, change: `bit ${bit} of byte ${at} flipped` };
		}
		case 'truncate':
			return { bytes: Buffer.from(head), change: `cut off at byte ${at}` };
		case 'repeat':
			return {
				bytes: Buffer.concat([head, slice, tail]),
				change: `bytes ${at} to ${at + length} twice`
			};
		case 'remove':
			return {
				bytes: Buffer.concat([head, tail.subarray(length)]),
				change: `bytes ${at} to ${at + length} removed`
			};
		case 'blank':
			slice.fill(0);
			return { bytes, change: `bytes ${at} to ${at + length} zero` };
		default:
			for (let i = 0; i < slice.length; i++) slice[i] = random.int(256);
			return { bytes, change: `bytes ${at} to ${at + length} noise` };
	}
}
