import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readRun, readSums } from '../analysis/workspace/run/read.ts';
import { similarityOf } from '../analysis/similarity/similarity.ts';
import { METRICS, VIEWS } from '../analysis/similarity/types.ts';
import { writeTinyCheckpoint } from '../tests/builders/checkpoint.ts';
import { runCommand } from '../tests/builders/command.ts';
import { estimateAnalysis } from '../tests/builders/opened.ts';

const TEXTS = ['sea', 'hand'].map((word) =>
	`the ${word} and the rain on the sand, and again the ${word}. `.repeat(300)
);
const WINDOWS = 3;

let folder: string;
let tiny: string;
let texts: string[];
let plan: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-shards-'));
	tiny = at('tiny');
	await writeTinyCheckpoint(tiny, { config: { num_hidden_layers: 4 } });
	texts = TEXTS.map((_, index) => at(`${index}.txt`));
	for (const [index, text] of TEXTS.entries()) await writeFile(texts[index], text);
	plan = at('plan.json');
	const run = at('planned');
	await runCommand(['analyze', tiny, ...small(), '--out', run, '--home', at('home')]);
	await runCommand(['plan', run, '--followers', '1', '--out', plan, '--home', at('home')]);
});
afterAll(() => rm(folder, { recursive: true }));

const small = () => ['--text', ...texts, '--context', '24', '--windows', `${WINDOWS}`];

let homes = 0;
const newHome = () => at(`home-${homes++}`);

/** Runs all shards one after another; what the last one printed. */
async function inShards(words: readonly string[], count: number, home: string) {
	for (let index = 0; index < count - 1; index++) {
		const { code, stdout, stderr } = await shard(words, index, count, home);
		expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
		expect(stderr).toContain(`shard ${index} of ${count} is done; missing: `);
	}
	return shard(words, count - 1, count, home);
}

function shard(words: readonly string[], index: number, count: number, home: string) {
	return runCommand([...words, '--shard', `${index}/${count}`, '--home', home]);
}

/** Figures of two reports differ by no more than 1e-10; times and what a process took are left out. */
function expectSame(found: unknown, expected: unknown, path = ''): void {
	if (/seconds|rss|ratio|notes|cost|measuredAt|createdAt/i.test(path)) return;
	if (typeof expected === 'number') {
		expect(Math.abs((found as number) - expected), path).toBeLessThan(1e-10);
	} else if (typeof expected === 'object' && expected !== null) {
		expect(Object.keys(found as object), path).toEqual(Object.keys(expected));
		for (const [key, value] of Object.entries(expected))
			expectSame((found as Record<string, unknown>)[key], value, `${path}.${key}`);
	} else expect(found, path).toEqual(expected);
}

describe('analyze --shard', () => {
	const similarities = async (run: string) => {
		const record = await readRun(run);
		const documents = record.windows.map(({ document }) => document);
		const views: Record<string, unknown> = {};
		for (const view of VIEWS) {
			const sums = await readSums(run, record, view);
			for (const metric of METRICS) {
				const { matrix, low, high } = similarityOf(sums, metric, documents);
				views[`${view} ${metric}`] = { matrix, low, high };
			}
		}
		const { profile, loss, recall, induction, windows, tokens, model } = record;
		return { views, profile, loss, recall, induction, windows, tokens, model };
	};

	let whole: unknown;
	const mini = () => ['analyze', 'mini-llama2', ...small(), '--recall', 'off'];
	beforeAll(async () => {
		await runCommand([...mini(), '--out', at('whole'), '--home', newHome()]);
		whole = await similarities(at('whole'));
	});

	it.each([1, 2, 3, 5])('in %i shards gives the figures of one run', async (count) => {
		const out = at(`sharded-${count}`);
		const { code, stdout, stderr } = await inShards([...mini(), '--out', out], count, newHome());
		expect({ code, stdout }, stderr).toEqual({ code: 0, stdout: `${out}\n` });
		expectSame(await similarities(out), whole);
		const record = await readRun(out);
		expect(record.notes.join()).toContain(
			`measured in ${count} shards: the null is over pairs of windows within a shard`
		);
		expect(record.shards).toEqual({ 1: undefined, 2: [1, 2], 3: [1, 1, 1], 5: [1, 1, 1] }[count]);
	});

	it('adds recall and induction up, too', async () => {
		const words = ['analyze', tiny, ...small()];
		await runCommand([...words, '--out', at('recall'), '--home', newHome()]);
		const expected = await similarities(at('recall'));
		expect(expected.recall?.windows).toBe(8);
		await inShards([...words, '--out', at('recalls')], 3, newHome());
		expectSame(await similarities(at('recalls')), expected);
	});

	it('says which shards ran in which way, where they did not all run alike', async () => {
		const home = newHome();
		const wide = at('wide');
		const config = { num_hidden_layers: 24, intermediate_size: 4096 };
		await writeTinyCheckpoint(wide, { dtype: 'BF16', config });
		const words = ['analyze', wide, ...small(), '--recall', 'off', '--out', at('mixed')];
		const { memoryBytes } = await estimateAnalysis({
			...{ modelFolder: wide, home, memoryLimitBytes: 2e9, recall: false },
			documents: [{ name: '0.txt', text: TEXTS[0] }],
			...{ context: 24, windows: 1, metrics: [...METRICS], views: [...VIEWS], jsRows: 32 }
		});
		await shard(words, 0, 2, home);
		await shard([...words, '--memory', `${memoryBytes - 10e6}`], 1, 2, home);
		const { notes, engine } = await readRun(at('mixed'));
		expect(engine?.path).toBe('resident');
		expect(notes).toContain(
			'shards ran in different ways: 0: onnxruntime on cpu in float32, weights in memory; 1: onnxruntime on cpu in float32, weights read layer by layer'
		);
	});

	it('puts together in the workspace, once, and says so again', async () => {
		const home = newHome();
		const words = ['analyze', tiny, ...small(), '--recall', 'off'];
		const { stdout } = await inShards(words, 2, home);
		expect(stdout).toMatch(/^analyze-tiny-[0-9a-f]{12}\n$/);
		const again = await shard(words, 0, 2, home);
		expect(again.stdout).toBe(stdout);
		expect(again.stderr).toContain('shard 0 of 2 was there already; all are there');
		expect(await readdir(join(home, 'runs'))).toEqual([stdout.trim()]);
	});

	it('says as JSON which shards are missing', async () => {
		const home = newHome();
		const { stdout } = await shard(
			['analyze', tiny, ...small(), '--recall', 'off', '--json'],
			1,
			3,
			home
		);
		expect(JSON.parse(stdout)).toMatchObject({ shard: 1, of: 3, missing: [0, 2] });
	});
});

describe('other measurements', () => {
	const wholes = new Map<string, Promise<unknown>>();
	/** Figures of a measurement in one piece, made once for all counts of shards. */
	function whole(words: readonly string[]): Promise<unknown> {
		const key = words.join(' ');
		const known = wholes.get(key);
		if (known !== undefined) return known;
		const made = runCommand([...words, '--home', newHome()]).then(
			({ stdout }) => JSON.parse(stdout) as unknown
		);
		wholes.set(key, made);
		return made;
	}

	it.each([2, 5])('damage in %i shards gives the figures of one measurement', async (count) => {
		const words = ['damage', tiny, ...small(), '--json'];
		expectSame(JSON.parse(await inJson(words, count, newHome())), await whole(words));
	});

	it.each([1, 2, 5])(
		'evaluate in %i shards gives the figures of one measurement',
		async (count) => {
			const choices = at('choices.jsonl');
			const questions = [0, 1, 2].map((answer) =>
				JSON.stringify({ prompt: 'the sea and', choices: [' the', ' sand', ' rain'], answer })
			);
			await writeFile(choices, questions.join('\n'));
			const asked = ['--plan', plan, '--choices', choices];
			const words = ['evaluate', tiny, ...small(), ...asked, '--json'];
			expectSame(JSON.parse(await inJson(words, count, newHome())), await whole(words));
		}
	);

	it('search on tables that 2 shards measured gives the figures of one search', async () => {
		const goal = ['--followers', '1', '--max-span', '3', '--random', '4', '--json'];
		const words = ['search', tiny, ...small(), ...goal];
		expectSame(JSON.parse(await inJson(words, 2, newHome())), await whole(words));
	});

	it('a bench is not cut into shards', async () => {
		const { code, stderr } = await runCommand(['bench', tiny, '--plan', plan, '--shard', '0/2']);
		expect(code).toBe(2);
		expect(stderr).toContain('--shard');
	});
});

/** Runs all shards; the JSON that the last one prints. */
async function inJson(words: readonly string[], count: number, home: string): Promise<string> {
	let last = '';
	for (let index = 0; index < count; index++) {
		const { code, stdout, stderr } = await shard(words, index, count, home);
		expect(code, stderr).toBe(0);
		last = stdout;
	}
	return last;
}

describe('parts that do not belong together', () => {
	const parts = (name: string) => ['--shard-folder', at(name)];
	const words = (name: string, context = '24', model = tiny) => [
		...['analyze', model, '--text', ...texts, '--context', context, '--windows', '3'],
		...['--recall', 'off', ...parts(name)]
	];

	it('of other settings are refused, and the setting is named', async () => {
		const home = newHome();
		await shard(words('settings'), 0, 2, home);
		const { code, stderr } = await shard(words('settings', '25'), 1, 2, home);
		expect(code).toBe(2);
		expect(stderr).toMatch(/0-of-2.part\.json: made with context 24; this is 25/);
	});

	it('of other weights are refused', async () => {
		const home = newHome();
		const other = at(join('other', 'tiny'));
		await writeTinyCheckpoint(other, { config: { num_hidden_layers: 4 }, seed: 2 });
		await shard(words('weights'), 0, 2, home);
		const { code, stderr } = await shard(words('weights', '24', other), 1, 2, home);
		expect(code).toBe(2);
		expect(stderr).toMatch(/made with model "[0-9a-f]{64}"; this is "[0-9a-f]{64}"/);
	});

	it('that stand in for another are refused', async () => {
		const home = newHome();
		await shard(words('doubled'), 0, 3, home);
		await cp(at(join('doubled', '0-of-3')), at(join('doubled', '1-of-3')), { recursive: true });
		const { code, stderr } = await shard(words('doubled'), 2, 3, home);
		expect(code).toBe(2);
		expect(stderr).toContain('the part of shard 0 of 3; expected shard 1 of 3');
	});

	it('that were changed are refused', async () => {
		const home = newHome();
		await shard(words('changed'), 0, 2, home);
		const file = at(join('changed', '0-of-2', 'similarity', 'all.gram'));
		const bytes = await readFile(file);
		bytes[0] ^= 1;
		await writeFile(file, bytes);
		const { code, stderr } = await shard(words('changed'), 1, 2, home);
		expect(code).toBe(2);
		expect(stderr).toMatch(/all\.gram: changed or damaged .* measure shard 0 of 2 again/);
	});

	it('that went missing are named', async () => {
		const home = newHome();
		await shard(words('missing'), 0, 3, home);
		await shard(words('missing'), 1, 3, home);
		await rename(at(join('missing', '0-of-3')), at('elsewhere'));
		const { code, stdout, stderr } = await shard(words('missing'), 2, 3, home);
		expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
		expect(stderr).toContain('shard 2 of 3 is done; missing: 0 (in');
	});
});

describe('job arrays', () => {
	it('are noticed where no shard is asked for', async () => {
		const words = ['analyze', tiny, ...small(), '--recall', 'off', '--home', newHome()];
		const { stderr } = await runCommand(words, { env: { SLURM_ARRAY_TASK_ID: '1' } });
		expect(stderr).toContain('SLURM_ARRAY_TASK_ID=1: all windows are measured; with --shard auto');
	});

	it('say which shard it is', async () => {
		const words = ['analyze', tiny, ...small(), '--recall', 'off', '--shard', 'auto/2'];
		const env = { JOB_COMPLETION_INDEX: '1' };
		const { stderr } = await runCommand([...words, '--home', newHome()], { env });
		expect(stderr).toContain('shard 1 of 2 is done; missing: 0');
	});

	it('are printed for Slurm', async () => {
		const command = ['analyze', 'tiny', '--text', 'a b.txt', '--json'];
		const { stdout } = await runCommand(['sbatch', '--shards', '4', '--cpus', '2', ...command]);
		expect(stdout).toContain('#SBATCH --array=0-3\n');
		expect(stdout).toContain('#SBATCH --cpus-per-task=2\n');
		expect(stdout).toContain("\nspanwise analyze tiny --text 'a b.txt' --json --shard auto/4\n");
	});

	it('are printed for Kubernetes', async () => {
		const place = ['--image', 'spanwise:1', '--claim', 'disk'];
		const command = ['damage', 'tiny', '--windows', '8'];
		const { stdout } = await runCommand(['k8s', '--shards', '3', ...place, '--', ...command]);
		const { spec } = JSON.parse(stdout) as { spec: Record<string, unknown> };
		expect(spec).toMatchObject({ completionMode: 'Indexed', completions: 3, parallelism: 3 });
		expect(spec).toHaveProperty('template.spec.containers.0.command', [
			...['spanwise', 'damage', 'tiny', '--windows', '8', '--shard', 'auto/3']
		]);
		expect(spec).toHaveProperty('template.spec.volumes.0.persistentVolumeClaim.claimName', 'disk');
	});

	it.each([
		[['bench', 'tiny'], 'bench: not cut into shards; allowed: analyze, damage, evaluate, search'],
		[['analyze', 'tiny', '--shard', '0/2'], '--shard: given twice']
	])('of %j are refused', async (command, message) => {
		const { code, stderr } = await runCommand(['sbatch', '--shards', '2', ...command]);
		expect(code).toBe(2);
		expect(stderr).toContain(message);
	});
});
