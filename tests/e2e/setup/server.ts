import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { childrenOf, runsScript } from './processes.ts';
import { until } from './until.ts';

const START_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 20_000;
/** Most bytes a worker may use, so that the tests also run beside other things on a small machine. */
const MEMORY_LIMIT_BYTES = 1_000_000_000;

/** A Spanwise server in a process of its own, on the production build. */
export interface RunningServer {
	url: string;
	/** Ends it as a user does (SIGTERM) and waits until it and its workers are gone. */
	stop(): Promise<void>;
	/** Ends it as a crash does (SIGKILL) and waits until it and its workers are gone. */
	kill(): Promise<void>;
	/** Process ids of its workers. */
	workers(): number[];
}

/** `spanwise serve` on a port of 127.0.0.1, a free one unless told, that finds the models in a folder too. */
export async function startBuild(
	home: string,
	at?: string,
	models = '',
	env: Record<string, string> = {}
): Promise<RunningServer> {
	const port = at ?? (await freePort());
	const url = `http://127.0.0.1:${port}`;
	const server = start(
		[
			...['dist/spanwise.js', 'serve', '--no-token', '--port', port, '--home', home],
			...(models === '' ? [] : ['--models', models])
		],
		env
	);
	const answered = () => {
		server.mustLive();
		return answers(url);
	};
	await until(`an answer of ${url}`, answered, START_TIMEOUT_MS);
	return { url, ...server };
}

/** `node dist/spanwise.js serve`, which chooses a port where it is 0, and says so. */
export async function startServe(
	home: string,
	port = '0',
	command = 'dist/spanwise.js'
): Promise<RunningServer> {
	const server = start([command, 'serve', '--no-token', '--port', port, '--home', home], {});
	const printed = () => {
		server.mustLive();
		return /http:\/\/\S+/.exec(server.printed())?.[0];
	};
	const url = await until('the address', printed, START_TIMEOUT_MS);
	return { url, ...server };
}

function start(args: string[], env: Record<string, string>) {
	const child = spawn(process.execPath, args, {
		env: { ...process.env, SPANWISE_MEMORY: `${MEMORY_LIMIT_BYTES}`, ...env },
		stdio: ['ignore', 'pipe', 'pipe']
	});
	const said = { stdout: '', stderr: '' };
	child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
	child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
	const children = () => (child.pid === undefined ? [] : childrenOf(child.pid));
	return {
		printed: () => said.stdout,
		/** Throws where the process has ended, with what it said. */
		mustLive() {
			if (child.exitCode === null && child.signalCode === null) return;
			throw new Error(
				`the server ended (${child.exitCode ?? child.signalCode ?? ''}): ${said.stderr}`
			);
		},
		stop: () => end(child, 'SIGTERM', children()),
		kill: () => end(child, 'SIGKILL', children()),
		workers: () => children().filter((pid) => runsScript(pid, 'worker.js'))
	};
}

async function end(child: ChildProcess, signal: NodeJS.Signals, children: number[]): Promise<void> {
	child.kill(signal);
	await until('the end of the server', () =>
		child.exitCode === null && child.signalCode === null ? undefined : true
	);
	await until('the end of its children', () => (children.some(isAlive) ? undefined : true));
}

function isAlive(pid: number): boolean {
	try {
		process.kill(pid, 0);
		return true;
	} catch {
		return false;
	}
}

async function answers(url: string): Promise<true | undefined> {
	try {
		return (await fetch(`${url}/api/runs`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })).ok
			? true
			: undefined;
	} catch {
		return undefined;
	}
}

function freePort(): Promise<string> {
	return new Promise((resolve, reject) => {
		const server = createServer();
		server.once('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const address = server.address();
			const port = address !== null && typeof address === 'object' ? address.port : 0;
			server.close(() => resolve(`${port}`));
		});
	});
}
