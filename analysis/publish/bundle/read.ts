import { unzipSync, type UnzipFileInfo } from 'fflate';
import { parseJson } from '../../edge/parseJson.ts';
import { parseOrNull, parseUntrusted } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { checkSeal, sha256 } from '../../edge/seal.ts';
import { InputError, isInputError, messageOf } from '../../errors.ts';
import { formatBytes } from '../../text/number.ts';
import { VERSION } from '../../version.ts';
import * as v from 'valibot';
import {
	MANIFEST,
	manifestSchema,
	memberOf,
	MOST_BUNDLE_BYTES,
	MOST_MEMBERS,
	REPORT,
	type BundleManifest
} from './format.ts';

/** A manifest has 150 bytes per file. */
const MOST_MANIFEST_BYTES = 4_000_000;
/** First bytes of every ZIP archive with a file in it. */
const MAGIC = [0x50, 0x4b, 0x03, 0x04];

/** A bundle as it was read: everything in it was named, measured and hashed before. */
export interface ReadBundle {
	manifest: BundleManifest;
	/** By path, without manifest and report. */
	files: ReadonlyMap<string, Uint8Array>;
}

/**
 * Reads a bundle. Its members are counted, and their sizes and paths looked at, before anything is unpacked; each must be
 * one that a bundle holds, and have the size and hash that the manifest says. Throws InputError that begins with `where`.
 */
export function readBundle(bytes: Uint8Array, where: string): ReadBundle {
	const refuse = (what: string): never => {
		throw new InputError(`${where}: ${what}`);
	};
	if (MAGIC.some((byte, at) => bytes[at] !== byte))
		refuse('not a run bundle: expected a .zip file that spanwise bundle wrote');
	const seen = new Set<string>();
	let total = 0;
	const look = ({ name, originalSize, compression }: UnzipFileInfo): boolean => {
		const shown = quoted(name);
		if (seen.size >= MOST_MEMBERS) refuse(`more than ${MOST_MEMBERS} files`);
		if (seen.has(name)) refuse(`${shown} is in it twice`);
		seen.add(name);
		if (name !== MANIFEST && name !== REPORT && memberOf(name) === null)
			refuse(`${shown} is nothing that a run bundle holds`);
		if (name === MANIFEST && originalSize > MOST_MANIFEST_BYTES)
			refuse(`${shown} has ${originalSize} bytes; at most ${MOST_MANIFEST_BYTES} are allowed`);
		total += originalSize;
		if (total > MOST_BUNDLE_BYTES)
			refuse(`unpacked it has more than ${formatBytes(MOST_BUNDLE_BYTES)}, the most allowed`);
		if (compression !== 0 && compression !== 8) refuse(`${shown} is packed in an unknown way`);
		return name !== REPORT;
	};
	let members: Record<string, Uint8Array>;
	try {
		members = unzipSync(bytes, { filter: look });
	} catch (error) {
		if (isInputError(error)) throw error;
		throw new InputError(`${where}: damaged: ${quoted(messageOf(error))}`, { cause: error });
	}
	const files = new Map(Object.entries(members));
	const manifest = manifestOf(files.get(MANIFEST), where);
	files.delete(MANIFEST);
	const listed = new Map(manifest.files.map((file) => [file.path, file]));
	listed.delete(REPORT);
	for (const path of files.keys())
		if (!listed.has(path)) refuse(`${quoted(path)} is not in its list of files`);
	for (const [path, { bytes: size, sha256: hash }] of listed) {
		const found = files.get(path);
		if (found === undefined) return refuse(`${quoted(path)} is missing`);
		if (found.byteLength !== size || sha256(found) !== hash)
			refuse(`${quoted(path)} is not what was written: the file was changed or damaged`);
	}
	return { manifest, files };
}

function manifestOf(bytes: Uint8Array | undefined, where: string): BundleManifest {
	if (bytes === undefined)
		throw new InputError(
			`${where}: a .zip file, but not a run bundle: ${MANIFEST} is missing; expected one that spanwise bundle wrote`
		);
	const at = `${where}: ${MANIFEST}`;
	const json = parseJson(Buffer.from(bytes).toString('utf8'), at);
	const head = parseOrNull(
		v.object({ format: v.literal('spanwise/bundle'), version: v.number() }),
		json
	);
	if (head !== null && head.version > 1)
		throw new InputError(
			`${at}: version ${head.version}; this is Spanwise ${VERSION}, which reads version 1: update Spanwise`
		);
	const manifest = parseUntrusted(manifestSchema, json, at);
	checkSeal(json, at);
	return manifest;
}
