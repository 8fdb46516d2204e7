import { createHash } from 'node:crypto';
import { open, realpath } from 'node:fs/promises';
import * as v from 'valibot';

/** Places in a file that are read, spread evenly, and bytes read at each: a smaller file is read whole. */
const SAMPLES = 16;
const SAMPLE_BYTES = 4096;

/** Schema of a file's signature, by which it is recognised. Times are in nanoseconds. */
export const signatureSchema = v.object({
	path: v.string(),
	size: v.string(),
	inode: v.string(),
	modified: v.string(),
	changed: v.string(),
	sample: v.string()
});

export type FileSignature = v.InferOutput<typeof signatureSchema>;

/**
 * Signatures of files, sorted by path. A tool may set a file's size and time of modification as it likes (`cp -p`,
 * `rsync -t`), but not its time of change, which the system sets whenever bytes, owner or links change; another file
 * in its place has another inode. Where a file system keeps neither, the sample notices most changes. Links are
 * resolved: snapshots in the Hugging Face cache are links to files named by their content.
 */
export async function signaturesOf(names: readonly string[]): Promise<FileSignature[]> {
	const signatures = await Promise.all([...new Set(names)].map(signatureOf));
	return signatures.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function sameSignatures(a: readonly FileSignature[], b: readonly FileSignature[]): boolean {
	return JSON.stringify(a) === JSON.stringify(b);
}

async function signatureOf(name: string): Promise<FileSignature> {
	const path = await realpath(name);
	const handle = await open(path);
	try {
		const { size, ino, mtimeNs, ctimeNs } = await handle.stat({ bigint: true });
		const hash = createHash('sha256');
		const step = Math.max(SAMPLE_BYTES, Math.floor(Number(size) / SAMPLES));
		for (let sample = 0; sample < SAMPLES; sample++) {
			const buffer = new Uint8Array(SAMPLE_BYTES);
			const { bytesRead } = await handle.read(buffer, 0, SAMPLE_BYTES, sample * step);
			hash.update(buffer.subarray(0, bytesRead));
		}
		return {
			path,
			size: `${size}`,
			inode: `${ino}`,
			modified: `${mtimeNs}`,
			changed: `${ctimeNs}`,
			sample: hash.digest('hex')
		};
	} finally {
		await handle.close();
	}
}
