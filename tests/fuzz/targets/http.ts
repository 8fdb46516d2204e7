import { join } from 'node:path';
import { startBuilt, type BuiltServer } from '../../builders/builtServer.ts';
import { runFolder } from '../../../analysis/workspace/run/list.ts';
import { writeRun } from '../../../analysis/workspace/run/write.ts';
import { madeUpRun } from '../../builders/run.ts';
import { mutateJson } from '../mutateJson.ts';
import type { Random } from '../random.ts';
import { Finding, type Outcome, type Target } from '../target.ts';

/** No request may keep the server from answering another for longer. */
const OTHERS_WAIT_MS = 1000;
/** On a machine that is busy with other things the same request takes its time too. */
const BUSY_FACTOR = 10;
const MAX_ERROR_LENGTH = 4000;

/** Is in the workspace. */
const RUN = 'a-run';
const TEXTS = [{ name: 'a.txt', text: 'the cat sat on the mat. '.repeat(40) }];
const LABEL = { name: '', note: '', tags: [], pinned: false };
const BODIES: Readonly<Record<string, unknown>> = {
	'/api/estimate': { models: ['mini-llama2'], texts: TEXTS, context: 16, windows: 1 },
	'/api/jobs': { models: ['no-such-model'], texts: TEXTS, context: 16, windows: 1 },
	'/api/measurements': {
		kind: 'search',
		run: 'no-such-run',
		texts: TEXTS,
		context: 16,
		windows: 1,
		goal: { kind: 'followers', followers: 2 },
		maxSpan: 3,
		protectedLayers: [0],
		repair: false
	},
	'/api/models/mini-llama2': { plan: { format: 'spanwise/plan', version: 1, sources: [0, 0] } },
	[`/api/labels/runs/${RUN}`]: { was: LABEL, next: { ...LABEL, name: 'a run', tags: ['paper'] } },
	[`/api/runs/${RUN}/report`]: { plan: { format: 'spanwise/plan', version: 1, sources: [0, 0] } },
	'/api/model-folders': { folder: '/no/such/folder' },
	'/v1/completions': { model: 'baseline', prompt: [[1, 2, 3]], echo: true, logprobs: 1 }
};
const PATHS = [
	'/',
	'/compare?runs=a,b',
	'/runs/none',
	'/models/mini-llama2',
	'/api/runs',
	'/api/runs/none/similarity?metric=cosine&view=all',
	'/api/runs/none/attention?window=0&layers=1,2',
	'/api/results?model=hash',
	'/api/results/none/file.safetensors',
	`/runs/${RUN}?tab=map&s=0-1,2`,
	`/api/runs/${RUN}/similarity?metric=cosine&view=all`,
	`/api/runs/${RUN}/attention?window=0&layers=1,2`,
	`/api/runs/${RUN}/heads?metric=cosine&view=all&from=0&to=1`,
	`/api/runs/${RUN}/matrix.csv?metric=js&view=all`,
	`/api/runs/${RUN}/windows`,
	`/api/runs/${RUN}/bundle`,
	'/results?of=plans&q=model:tiny,-tag:paper',
	'/api/compare?runs=a,b&metric=cosine&view=all'
];
const ODD_PARTS = [
	'%ff',
	'..%2f..%2fetc%2fpasswd',
	'%00',
	'x'.repeat(5000),
	'%E2%80%AE',
	'\'"<script>',
	'-1'
];

/**
 * Requests. Each is answered without a fault of the server (no 5xx), in few words, while another request goes
 * through at once; and the server lives on.
 */
export class HttpTarget implements Target {
	readonly name = 'http';
	#server: BuiltServer | null = null;
	#origin = '';
	#headers: Record<string, string> = {};

	async prepare(folder: string): Promise<void> {
		const { record, sums, windows } = madeUpRun(RUN);
		await writeRun(runFolder(join(folder, 'home'), RUN), record, sums, windows);
		const args = ['dist/spanwise.js', 'serve', '--port', '0', '--home', join(folder, 'home')];
		this.#server = await startBuilt(args, {});
		const { origin, searchParams } = new URL(this.#server.url);
		this.#origin = origin;
		const token = searchParams.get('token');
		this.#headers = token === null ? {} : { authorization: `Bearer ${token}` };
	}

	async try(random: Random): Promise<Outcome> {
		const { path, body, change } = mutant(random);
		const started = performance.now();
		await this.#ask('/api/samples', undefined);
		const usualMs = performance.now() - started;
		const answer = this.#ask(path, body);
		const others = performance.now();
		await this.#ask('/api/samples', undefined);
		const waitedMs = performance.now() - others;
		if (waitedMs > Math.max(OTHERS_WAIT_MS, BUSY_FACTOR * usualMs)) {
			throw new Finding(`${change}: another request waited for ${Math.round(waitedMs)} ms`);
		}
		const { status, text } = await answer;
		if (status >= 500) throw new Finding(`${change}: status ${status}: ${text.slice(0, 300)}`);
		const refused = status >= 400;
		if (refused && path.startsWith('/api') && text.length > MAX_ERROR_LENGTH) {
			throw new Finding(`${change}: an error of ${text.length} characters`);
		}
		return { change, wellFormed: true, verdict: refused ? 'refused' : 'right' };
	}

	async end(): Promise<void> {
		await this.#server?.end('SIGTERM');
	}

	async #ask(path: string, body: string | undefined): Promise<{ status: number; text: string }> {
		const response = await fetch(`${this.#origin}${path}`, {
			...(body !== undefined && { method: path.startsWith('/api/labels/') ? 'PUT' : 'POST', body }),
			headers: { ...this.#headers, 'content-type': 'application/json', origin: this.#origin },
			redirect: 'manual'
		});
		return { status: response.status, text: await response.text() };
	}
}

function mutant(random: Random): { path: string; body: string | undefined; change: string } {
	if (random.chance(0.3)) {
		const parts = random.pick(PATHS).split(/(?<=[/=,])/);
		const at = random.int(parts.length);
		parts[at] = `${random.pick(ODD_PARTS)}${parts[at]}`;
		const path = parts.join('');
		return {
			path: path.startsWith('/') ? path : `/${path}`,
			body: undefined,
			change: `GET ${path}`
		};
	}
	const path = random.pick(Object.keys(BODIES));
	const { value, change } = mutateJson(BODIES[path], random);
	const body = random.chance(0.1) ? huge(random) : JSON.stringify(value);
	return { path, body, change: `POST ${path}: ${body.length} characters, ${change}` };
}

/** A body of some megabytes that would take long where every item, or every problem, is looked at. */
function huge(random: Random): string {
	const items = 500_000;
	return random.pick([
		() => `{"texts":[${'[],'.repeat(items)}[]]}`,
		() => `{"models":[${'1,'.repeat(items)}1]}`,
		() => `${'['.repeat(items)}${']'.repeat(items)}`,
		() => JSON.stringify({ models: ['x'.repeat(4 * items)] }),
		() => `{${Array.from({ length: items / 10 }, (_, key) => `"k${key}":1`).join()}}`
	])();
}
