import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EvaluateReport } from '../analysis/measure/evaluate/types.ts';
import type { Search, SearchReport } from '../analysis/measure/search/types.ts';
import { stabilityWords } from '../analysis/measure/search/stabilityWords.ts';
import { whyChosen } from '../analysis/measure/search/whyChosen.ts';
import { writeTinyCheckpoint } from '../tests/builders/checkpoint.ts';
import { runCommand } from '../tests/builders/command.ts';

let folder: string;
const at = (name: string) => join(folder, name);

beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-search-'));
	await writeTinyCheckpoint(at('tiny'), { config: { num_hidden_layers: 4 } });
	const lines = Array.from({ length: 30 }, (_, n) => `the sand ${(n * 7919) % 997} and the rain`);
	await writeFile(at('text.txt'), lines.join('. '));
});

afterAll(() => rm(folder, { recursive: true }));

function search(...args: string[]) {
	const small = ['--context', '32', '--windows', '2', '--random', '5', '--home', at('home')];
	return runCommand(['search', at('tiny'), ...small, ...args]);
}
const ONE = ['--text', '', '--followers', '1'];

describe('spanwise search', () => {
	beforeAll(() => (ONE[1] = at('text.txt')));

	it('--choices is a third limit; what plans lose of it is what evaluate says of the questions held out', async () => {
		const lines = [' sand 1', ' rain', ' sand', ' the', ' and', ' 13'].map((choice, at) => {
			const choices = [choice, ' the the', '. and', ' rain the'];
			return JSON.stringify({ prompt: 'and the', choices, answer: at % 4, group: `${at % 2}` });
		});
		await writeFile(at('all.jsonl'), lines.join('\n'));
		await writeFile(at('held.jsonl'), lines.filter((_, n) => n % 2 === 1).join('\n'));
		const args = ['--choices', at('all.jsonl'), '--max-accuracy-drop', '1', '--recall', 'off'];
		const { code, stdout } = await search(...ONE, ...args, '--json', '--out', at('asked'));
		expect(code).toBe(0);
		const { tasks, plans, verdict } = JSON.parse(stdout) as SearchReport;
		expect(tasks).toMatchObject({ limit: 1, questions: { choose: 3, report: 3 }, without: null });
		const best = plans.find(({ name }) => name === verdict.plan);
		await writeFile(at('best.json'), JSON.stringify(best?.plan));
		const evaluated = await runCommand([
			...['evaluate', at('tiny'), '--plan', at('best.json'), '--text', at('text.txt')],
			...['--context', '32', '--windows', '2', '--recall', 'off', '--home', at('home')],
			...['--choices', at('held.jsonl'), '--json']
		]);
		const { choices } = JSON.parse(evaluated.stdout) as EvaluateReport;
		expect(tasks?.baseline.report).toBe(choices?.baseline.acc);
		expect(best?.accuracy?.report.value).toBeCloseTo(-(choices?.delta.acc.value ?? NaN), 12);
		// Every named plan was asked, rivals included; to choose by, only the cheapest until one keeps accuracy.
		expect(plans.filter(({ accuracy }) => accuracy?.report === undefined)).toEqual([]);
		expect(plans.filter(({ accuracy }) => accuracy?.choose !== undefined)).toHaveLength(1);
		expect(verdict.sentence).toContain('On 3 held-out questions accuracy goes from');
		expect((await search(...ONE, ...args)).stdout).toMatch(/accuracy drop \(from [\d.]+% of 3\)/);
	});

	it('--max-accuracy-drop without questions is refused', async () => {
		expect(await search(...ONE, '--max-accuracy-drop', '0.1')).toMatchObject({
			code: 2,
			stderr: 'error: maxAccuracyDrop: no questions to judge it by; give them with --choices\n'
		});
	});

	it('--json prints the report and nothing else on stdout; talk goes to stderr', async () => {
		const { code, stdout, stderr } = await search(...ONE, '--json');
		expect(code).toBe(0);
		const report = JSON.parse(stdout) as SearchReport;
		expect(Object.keys(report)).toEqual([
			'verdict',
			'goal',
			'target',
			'plans',
			'random',
			'axes',
			'ties',
			'stability',
			'front',
			'shortlist',
			'importance',
			'baseline',
			'interval',
			'parts',
			'notes'
		]);
		for (const plan of report.plans)
			expect(plan).toMatchObject({
				name: plan.maker,
				report: { loss: expect.any(Number) as number }
			});
		expect(report.goal).toEqual({ kind: 'followers', followers: 1 });
		expect(report.random.plans).toHaveLength(5);
		expect(stderr).toMatch(
			/(^|\n)tiny, 6 × 32 tokens: will take .* of memory \(limit .*\) and roughly/
		);
		expect(stderr).toContain(`what is measured is kept in ${join(at('home'), 'search')}`);
	});

	it('prints the verdict, the plans, the front and the agreement of the shortlist', async () => {
		const { code, stdout } = await search(...ONE, '--protect', '0');
		expect(code).toBe(0);
		const [verdict, why, stability, caution] = stdout.split('\n');
		const report = JSON.parse(
			(await search(...ONE, '--protect', '0', '--json')).stdout
		) as SearchReport;
		const { verdict: expected } = report;
		expect(verdict).toBe(expected.sentence);
		expect(why).toBe(whyChosen(report));
		expect(stability).toBe(stabilityWords(report));
		expect(caution).toBe('With 2 windows the intervals are rough, and most likely too narrow.');
		expect(stdout).toContain(`\n* ${String(expected.plan)} `);
		expect(stdout).toMatch(/\n {2}trailing \(rival\) +3←2 +12\.5% /);
		expect(stdout).toContain('search (in-sample)');
		expect(stdout).toContain('additivity error');
		expect(stdout).toMatch(/\nfront +KV cache saved +layers +sum of parts \(in-sample\) /);
		expect(stdout).toMatch(/\ndrop +100\.0%|\ndrop +75\.0% +dropped: 1–3 /);
		expect(stdout).toMatch(
			/\nShortlist \(drop damage × output error\): Spearman's rho −?\d\.\d\d /
		);
	});

	it('--out writes the report, every plan and its refitted weights, which evaluate takes', async () => {
		const { code } = await search(...ONE, '--repair', '--out', at('found'));
		expect(code).toBe(0);
		const { report } = JSON.parse(await readFile(at('found/search.json'), 'utf8')) as Search;
		const stem = (name: string) => name.replaceAll(' ', '-');
		const expected = report.plans.flatMap(({ name, repaired }) => [
			`${stem(name)}.plan.json`,
			...(repaired ? [`${stem(name)}.safetensors`] : [])
		]);
		expect((await readdir(at('found'))).sort()).toEqual([...expected, 'search.json'].sort());
		const evaluated = await runCommand([
			...['evaluate', at('tiny'), '--plan', at('found/share-repaired.plan.json')],
			...['--text', at('text.txt'), '--context', '32', '--windows', '6'],
			...['--home', at('home'), '--json']
		]);
		expect(evaluated).toMatchObject({ code: 0 });
		// Six windows of one text are those of the three parts; the last two are the report's.
		const { windows } = JSON.parse(evaluated.stdout) as EvaluateReport;
		const added = windows.slice(-2).map(({ shared, baseline }) => shared - baseline);
		const repaired = report.plans.find(({ name }) => name === 'share repaired');
		expect((added[0] + added[1]) / 2).toBeCloseTo(Number(repaired?.report.loss), 6);
	});

	it.each([
		[[], 'goal: none given; expected exactly one of --followers, --save and --max-loss-increase'],
		[['--followers', '1', '--save', 'kCache=5%'], 'goal: 2 given; expected exactly one of'],
		[['--save', 'time=5%'], 'axes: kCache, kvCache, parameters, prefillFlops, decodeBytes'],
		[['--save', 'kCache=120%'], 'found 120%; allowed: more than 0%, at most 100%'],
		[['--save', 'kCache'], 'expected an axis and a fraction, such as kCache=12%'],
		[['--followers', '4'], 'followers: 4; at least 1, and at most 3 fit (4 layers'],
		[['--max-loss-increase', '-0.1'], 'loss increase: -0.1; allowed: nats/token, 0 or more'],
		[['--followers', '1', '--context', '200'], 'text.txt: too short for 3 windows of 200 tokens'],
		[['--followers', '1', '--protect', '4'], 'protected layer 4: not in the model; allowed: 0 to 3']
	])('%j: refused on one line', async (args, message) => {
		const text = ['--text', at('text.txt')];
		const { code, stdout, stderr } = await search(...text, ...args);
		expect([code, stdout]).toEqual([2, '']);
		expect(stderr).toContain(message);
		expect(stderr.match(/\n/g)).toHaveLength(1);
	});

	it('refuses a folder that exists, before anything runs', async () => {
		const { code, stderr } = await search(...ONE, '--out', at('tiny'));
		expect(code).toBe(2);
		expect(stderr).toBe(`error: ${at('tiny')}: exists already; name a folder that does not\n`);
	});

	it('reads the bundled Hound and Time Machine where no text is named', async () => {
		const { code, stdout } = await search('--save', 'kCache=0.25', '--random', '0', '--json');
		expect(code).toBe(0);
		const { parts, target } = JSON.parse(stdout) as SearchReport;
		expect(target).toEqual({ axis: 'kCache', share: 0.25 });
		expect(Object.values(parts).map(({ documents }) => documents)).toEqual([
			[0, 1],
			[0, 1],
			[0, 1]
		]);
	});
});
