import { readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { quoted } from '../analysis/edge/quote.ts';
import { projectRoot } from '../analysis/projectRoot.ts';
import { InputError, messageOf } from '../analysis/errors.ts';
import { decodeDocument } from '../analysis/model/tokens/documents.ts';
import type { Document } from '../analysis/model/tokens/types.ts';
import type { Io } from './io.ts';

const STDIN = '-';
/** V8 holds strings of up to 512 MB. */
const MAX_TEXT_BYTES = 256_000_000; // 256 MB

/** The texts of an analysis: files, and "-" for what comes on stdin. Throws InputError that names the file. */
export async function readTexts(files: readonly string[], { stdin }: Io): Promise<Document[]> {
	if (files.filter((file) => file === STDIN).length > 1) {
		throw new InputError('--text: "-" twice; allowed: once, because stdin can be read only once');
	}
	const documents: Document[] = [];
	for (const file of files) {
		documents.push(
			file === STDIN
				? decodeDocument('stdin', await readAll(stdin))
				: decodeDocument(basename(file), await readText(file))
		);
	}
	return documents;
}

/** A file of questions, under the path that the user named. Throws InputError where it cannot be read. */
export async function readQuestions(file: string): Promise<Document> {
	const { text } = decodeDocument(basename(file), await readText(file));
	return { name: file, text };
}

/** Paths of bundled files, as commands name them; found below Spanwise's own folder wherever the command is given. */
const BUNDLED = /^static[/\\](samples|choices)[/\\][\w.-]+$/;

async function readText(file: string): Promise<Uint8Array> {
	try {
		const { size } = await stat(file);
		if (size > MAX_TEXT_BYTES) throw tooLong(`text ${quoted(file)}`);
		return await readFile(file);
	} catch (error) {
		if (error instanceof InputError) throw error;
		const bundled = BUNDLED.test(file)
			? await readFile(join(projectRoot(), file)).catch(() => null)
			: null;
		if (bundled !== null) return bundled;
		throw new InputError(`text ${file}: cannot be read: ${messageOf(error)}`, { cause: error });
	}
}

/** Reads stdin as UTF-8, at most `mostBytes`. Throws InputError for more. */
export async function readStdin({ stdin }: Io, mostBytes: number): Promise<string> {
	const bytes = await readAll(stdin, mostBytes);
	return Buffer.from(bytes).toString('utf8');
}

async function readAll(
	stream: AsyncIterable<Uint8Array>,
	mostBytes = MAX_TEXT_BYTES
): Promise<Uint8Array> {
	const chunks: Uint8Array[] = [];
	let bytes = 0;
	for await (const chunk of stream) {
		bytes += chunk.length;
		if (bytes > mostBytes)
			throw new InputError(`stdin: more than ${mostBytes} bytes; at most that many are read`);
		chunks.push(chunk);
	}
	return Buffer.concat(chunks);
}

function tooLong(what: string): InputError {
	return new InputError(
		`${what}: more than ${MAX_TEXT_BYTES / 1e6} MB; at most that much is read of a text: windows take a few kB of it`
	);
}
