import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import * as v from 'valibot';
import { parseJson } from '../edge/parseJson.ts';
import { parseUntrusted } from '../edge/parse.ts';
import { quoted } from '../edge/quote.ts';
import { InputError } from '../errors.ts';
import { endProcess, hasEnded } from '../process/ask.ts';
import { deathInWords } from '../process/death.ts';
import { noteEnd, noteUse, type ProcessUse } from '../process/helpers.ts';
import { companionEnvironment, companionFolder, whyPythonFailed } from './companion.ts';
import { message, type TorchMessage, type TorchReady } from './torchMessages.ts';

type Python = ChildProcessByStdio<Writable, Readable, Readable>;
/** Characters of the worker's last words that are kept. */
const MOST_WORDS = 4000;

/** Callbacks for the progress and the parts that come before an answer ends. */
export interface AnswerCallbacks {
	onProgress?: (progress: { stage: string; done: number; total: number }) => void;
	onPart?: (part: unknown) => Promise<void>;
}

/** The words that start as many processes. */
function torchrun(processes: string | null): string[] {
	if (processes === null) return [];
	return ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', processes];
}

/** A Python process that holds a model and answers the engine's verbs. It ends when this process does. */
export class TorchWorker {
	readonly #child: Python;
	readonly #python: string;
	readonly #lines: AsyncIterator<string>;
	#words = '';
	#asked = 0;
	#ready: TorchReady | null = null;

	private constructor(child: Python, python: string) {
		this.#child = child;
		this.#python = python;
		this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
		child.stderr.on('data', (data: Buffer) => {
			this.#words = (this.#words + data.toString()).slice(-MOST_WORDS);
		});
		// A worker that is gone is reported where its answer is awaited.
		child.stdin.on('error', () => undefined);
	}

	/** Versions and devices of its Python. */
	get ready(): TorchReady {
		if (this.#ready === null) throw new Error('the Python worker was not started');
		return this.#ready;
	}

	/**
	 * Starts the worker, with further environment variables; `processes`: as torchrun starts several that share the windows.
	 * Throws InputError that says what is missing and how to install it.
	 */
	static async start(
		python: string,
		variables: Record<string, string> = {},
		processes: string | null = null
	): Promise<TorchWorker> {
		const child = spawn(python, [...torchrun(processes), '-m', 'spanwise.worker'], {
			stdio: ['pipe', 'pipe', 'pipe'],
			env: { ...companionEnvironment(), ...variables, PYTHONUNBUFFERED: '1' }
		});
		try {
			await once(child, 'spawn');
		} catch {
			throw new InputError(
				`${python}: not found; the PyTorch engine needs Python 3.10 or newer: name it with --python or SPANWISE_PYTHON`
			);
		}
		const worker = new TorchWorker(child, python);
		const first = await worker.#read();
		if (first?.type === 'ready') {
			worker.#ready = first;
			return worker;
		}
		await worker.close();
		throw worker.#notReady();
	}

	/**
	 * Asks for something and waits for its result. Throws InputError where the worker says that the input is at fault, Error
	 * where it fails or ends.
	 */
	async ask<Schema extends v.GenericSchema>(
		verb: string,
		fields: object,
		schema: Schema,
		{ onProgress, onPart }: AnswerCallbacks = {}
	): Promise<v.InferOutput<Schema>> {
		const id = ++this.#asked;
		this.#child.stdin.write(`${JSON.stringify({ id, verb, ...fields })}\n`);
		for (;;) {
			const answer = await this.#read();
			if (answer === null) throw await this.#death();
			if (answer.type === 'progress' || answer.type === 'result') this.#note(answer.use);
			if (answer.type === 'progress') onProgress?.(answer);
			else if (answer.type === 'part') await onPart?.(answer);
			else if (answer.type === 'result') {
				return parseUntrusted(schema, answer.result, `the Python worker's ${verb}`);
			} else if (answer.type === 'error') {
				if (answer.kind === 'input') throw new InputError(answer.message);
				throw new Error(`the Python worker's ${verb}: ${quoted(answer.message)}`);
			}
		}
	}

	/** Ends the process. */
	async close(): Promise<void> {
		await endProcess(this.#child);
		noteEnd(this);
	}

	#note(use: ProcessUse | undefined): void {
		if (use !== undefined) noteUse(this, use);
	}

	/** The next answer; null: there are no more. */
	async #read(): Promise<TorchMessage | null> {
		const line = await this.#lines.next();
		if (line.done === true) return null;
		const where = 'an answer of the Python worker';
		return parseUntrusted(message, parseJson(line.value, where), where);
	}

	async #death(): Promise<Error> {
		if (!hasEnded(this.#child)) await once(this.#child, 'exit');
		const { exitCode, signalCode } = this.#child;
		const words = deathInWords(
			{ code: exitCode, signal: signalCode },
			'the Python worker',
			'use a smaller --context or a smaller --dtype'
		);
		const last = this.#words.trim().split('\n').at(-1) ?? '';
		return new Error(last === '' ? words : `${words}: ${quoted(last)}`);
	}

	#notReady(): Error {
		const what = whyPythonFailed(this.#words);
		return new InputError(
			`${this.#python}: cannot run the PyTorch engine: ${what}. Install it with: ${this.#python} -m pip install ${companionFolder()}`
		);
	}
}
