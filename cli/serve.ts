import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { delimiter, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { InvalidArgumentError, type Command } from 'commander';
import { quoted } from '../analysis/edge/quote.ts';
import { InputError } from '../analysis/errors.ts';
import { placeProblems } from '../analysis/model/catalogue/discover.ts';
import { workspaceHome } from '../analysis/workspace/workspace.ts';
import { isLoopback, refusal } from '../analysis/edge/guard.ts';
import { findModel } from './found.ts';
import type { Io } from './io.ts';
import { openPage } from './openBrowser.ts';
import { wholeNumber, withSharedOptions, type SharedOptions } from './options.ts';
import { readPlan } from './planFile.ts';
import { reachableName, urlOf } from './serverAddress.ts';

const DEFAULT_PORT = 5178;
const MAX_PORT = 65_535;
const DEFAULT_HOST = '127.0.0.1';
/** Shorter tokens could be guessed by someone on the same network. */
const MIN_TOKEN_LENGTH = 16;
const TOKEN_BYTES = 24;
const STOP_GRACE_MS = 500;
/** Longest reason that is answered; it repeats headers. */
const MAX_REASON = 500;
/** A request's headers and body have to come within this; a page that stays open asks anew. */
const REQUEST_TIMEOUT_MS = 60_000;

interface ServeOptions extends SharedOptions {
	port: number;
	host: string;
	jobs: number;
	open: boolean;
	token: boolean;
	completions?: string;
	plan?: string;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const HELP = `
--completions: POST /v1/completions with echo and logprobs scores prompts of token ids, as lm-evaluation-harness's
local-completions sends them, by "model": "baseline" or "planned". A BOS that the tokenizer sets is put before prompts
that have none, as the harness does with a model of its own. docs/python.md has the commands.

Examples:
  spanwise serve --models ~/checkpoints --open
  spanwise serve --completions mini-llama2 --plan plan.json`;

export function registerServe(program: Command, io: Io): void {
	withSharedOptions(program.command('serve'), 'print the address as JSON')
		.description('serve the pages on this machine')
		.option('--port <port>', 'port to listen on', port, DEFAULT_PORT)
		.option('--host <host>', 'address to listen on', DEFAULT_HOST)
		.option('--jobs <count>', 'jobs at a time', wholeNumber(1), 1)
		.option('--open', 'open the page in the browser', false)
		.option('--no-token', 'let every user of this machine in; only where it listens to no other')
		.option('--completions <model>', 'answer /v1/completions by this model too')
		.option('--plan <file>', 'of the planned model that --completions answers by')
		.addHelpText('after', HELP)
		.action((options: ServeOptions) => serve(options, io));
}

async function serve(options: ServeOptions, io: Io): Promise<void> {
	const build = fileURLToPath(new URL('../pages/handler.js', import.meta.url));
	if (!existsSync(build)) throw new InputError('the pages are not built; run npm run build');
	const token = tokenFor(options);
	setEnvironment(options, token);
	await setCompletions(options, io);

	// The port comes first: where it is taken, the server of the workspace must not start its jobs.
	let handler: Promise<Handler> | null = null;
	const server = createServer((request, response) => {
		if (isRefused(request, response, options.host)) return;
		endWithSource(response);
		// Otherwise the handler takes its own address to be https.
		request.headers['x-forwarded-proto'] = 'http';
		response.setHeader('x-content-type-options', 'nosniff');
		void handler?.then(
			(handle) => handle(request, response),
			() => response.destroy()
		);
	});
	server.requestTimeout = REQUEST_TIMEOUT_MS;
	const port = await listen(server, options);
	handler = import(pathToFileURL(build).href).then(({ handler }: { handler: Handler }) => handler);
	stopGracefully(server);
	try {
		await handler;
	} catch (error) {
		// Left open, the port would keep alive a process that has nothing to serve.
		server.close();
		server.closeAllConnections();
		throw error;
	}

	for (const problem of await placeProblems(options.models ?? [])) {
		console.error(`warning: --models ${quoted(problem)}`);
	}
	const url = urlOf(reachableName(options.host), port, token);
	console.log(options.json ? JSON.stringify({ url }) : `Spanwise is at ${url}`);
	if (options.open) openPage(url);
}

/** Sets the environment that the built server reads; see src/lib/server/settings.ts and adapter-node. */
function setEnvironment(options: ServeOptions, token: string | null): void {
	const { env } = process;
	env.SPANWISE_HOME = workspaceHome({ home: options.home, env, cwd: process.cwd() });
	if (options.models) {
		env.SPANWISE_MODELS = options.models.map((folder) => resolve(folder)).join(delimiter);
	}
	if (options.memory !== undefined) env.SPANWISE_MEMORY = `${options.memory}`;
	env.SPANWISE_JOBS = `${options.jobs}`;
	if (token === null) delete env.SPANWISE_TOKEN;
	else env.SPANWISE_TOKEN = token;
	env.HOST = options.host;
	env.PROTOCOL_HEADER = 'x-forwarded-proto';
	delete env.ORIGIN;
}

/** Finds the model that completions are answered by. Throws InputError where it or its plan cannot be found. */
async function setCompletions(options: ServeOptions, io: Io): Promise<void> {
	const { env } = process;
	delete env.SPANWISE_COMPLETIONS;
	delete env.SPANWISE_COMPLETIONS_PLAN;
	const { completions, plan } = options;
	if (completions === undefined) {
		if (plan !== undefined) throw new InputError('--plan: only with --completions');
		return;
	}
	env.SPANWISE_COMPLETIONS = resolve(await findModel(completions, options, io));
	if (plan === undefined) return;
	await readPlan(plan);
	env.SPANWISE_COMPLETIONS_PLAN = resolve(plan);
}

/** Files of the pages are answered too before the server's own hooks see a request. */
function isRefused(request: IncomingMessage, response: ServerResponse, host: string): boolean {
	const { headers, socket } = request;
	const reason = refusal(
		{
			host: headers.host ?? null,
			origin: headers.origin ?? null,
			fetchSite: asText(headers['sec-fetch-site']),
			fetchMode: asText(headers['sec-fetch-mode']),
			clientAddress: socket.remoteAddress ?? ''
		},
		host
	);
	if (reason !== null) refuse(response, 403, reason);
	else if (!isDecodable(request.url ?? '')) {
		refuse(response, 400, 'address: has bytes that are not UTF-8 after a %');
	}
	return response.writableEnded;
}

function refuse(response: ServerResponse, status: number, message: string): void {
	response.writeHead(status, { 'content-type': 'application/json' });
	response.end(JSON.stringify({ message: quoted(message, MAX_REASON) }));
}

/** SvelteKit answers other addresses with a page and a stack on the terminal. */
function isDecodable(address: string): boolean {
	try {
		// Compared, because a bundler takes a call without a use for one without an effect.
		return decodeURI(address) !== '';
	} catch {
		return false;
	}
}

function asText(header: string | string[] | undefined): string | null {
	return header === undefined ? null : String(header);
}

/** A file that cannot be read any more, as after a new build, ends its answer and not the server. */
function endWithSource(response: ServerResponse): void {
	response.on('pipe', (source) => source.once('error', () => response.destroy()));
}

/** Other users of this machine can reach the server too: a token is the rule. */
function tokenFor({ host, token: wanted }: ServeOptions): string | null {
	const given = process.env.SPANWISE_TOKEN;
	if (!wanted) {
		if (given) throw new InputError('--no-token: SPANWISE_TOKEN is set; remove one of them');
		if (isLoopback(host)) return null;
		throw new InputError(
			`--no-token: with --host ${quoted(host)} everyone who reaches this machine could read and delete; remove one of them`
		);
	}
	if (!given) return randomBytes(TOKEN_BYTES).toString('base64url');
	if (given.length < MIN_TOKEN_LENGTH) {
		throw new InputError(
			`SPANWISE_TOKEN: ${given.length} characters; expected at least ${MIN_TOKEN_LENGTH}`
		);
	}
	return given;
}

/** Returns the port, which the system chooses for port 0. */
async function listen(server: Server, { host, port }: ServeOptions): Promise<number> {
	await new Promise<void>((resolve, reject) => {
		server.once('error', (error: NodeJS.ErrnoException) => {
			reject(listenError(error, host, port));
		});
		server.listen(port, host, resolve);
	});
	const address = server.address();
	return address !== null && typeof address === 'object' ? address.port : port;
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
	switch (error.code) {
		case 'EADDRINUSE':
			return new InputError(`port ${port}: taken by another program; choose another with --port`);
		case 'EACCES':
			return new InputError(
				`port ${port}: not allowed to listen on it; choose one above 1023 with --port`
			);
		case 'EADDRNOTAVAIL':
		case 'ENOTFOUND':
		case 'EAI_AGAIN':
			return new InputError(`host ${host}: no address of this machine; choose another with --host`);
		default:
			return error;
	}
}

/** The handler's own listeners end the jobs and the event streams; this lets answers under way go out, then ends. */
function stopGracefully(server: Server): void {
	const stop = () => {
		server.close(() => process.exit(0));
		setTimeout(() => server.closeAllConnections(), STOP_GRACE_MS);
	};
	process.once('SIGINT', stop);
	process.once('SIGTERM', stop);
}

function port(text: string): number {
	const value = wholeNumber(0)(text);
	if (value > MAX_PORT) throw new InvalidArgumentError(`expected at most ${MAX_PORT}`);
	return value;
}
