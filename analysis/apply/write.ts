import type { FileHandle } from 'node:fs/promises';

/** 1 GiB: a single write of 2 GiB or more is cut short on Linux. */
const MAX_WRITE_BYTES = 2 ** 30;

/** Writes all bytes at a place in a file. */
export async function writeAll(
	file: FileHandle,
	bytes: Uint8Array,
	position: number
): Promise<void> {
	for (let done = 0; done < bytes.length;) {
		const length = Math.min(bytes.length - done, MAX_WRITE_BYTES);
		done += (await file.write(bytes, done, length, position + done)).bytesWritten;
	}
}
