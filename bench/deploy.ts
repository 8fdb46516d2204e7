import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { readConfig } from '../analysis/model/checkpoint/open.ts';
import type { BenchReport } from '../analysis/measure/bench/benchTypes.ts';
import { makePlan } from '../analysis/plan/planFile.ts';
import { planSpans } from '../analysis/plan/spans.ts';
import type { Sources } from '../analysis/plan/types.ts';
import type { Report } from './report.ts';

/** One model, one plan, one setting of `spanwise bench`. */
interface Deployment {
	folder: string;
	plan: string;
	sources: Sources;
	prompt: number;
	generate: number;
	repeats: number;
}

/** Plans of 22 layers: five pairs in the middle share, or three layers there are dropped. */
const MADE_UP_PLANS: Record<string, Sources> = {
	share: withLayers(22, { 7: 6, 9: 8, 11: 10, 13: 12, 15: 14 }),
	drop: withLayers(22, { 8: null, 11: null, 14: null })
};
const PLANS = ['share', 'drop'];
/** The column of bench/plans.json whose plans are deployed. */
const FOLLOWERS = 4;

function withLayers(layers: number, changed: Record<number, number | null>): Sources {
	return Array.from({ length: layers }, (_, layer) => (layer in changed ? changed[layer] : layer));
}

/**
 * (j) what plans gain as deployed models: the bundled models with the plans that bench/plans.json found, and a made-up
 * checkpoint of 1.1 billion parameters. bench/deploy.json holds the reports, bench/deploy.md the table of the README.
 */
export async function benchDeployment(
	report: Report,
	root: string,
	madeUp: string,
	home: string
): Promise<void> {
	const deployments: Deployment[] = [];
	for (const model of ['mini-llama2', 'mini-llama3']) {
		const folder = join(root, 'models', model);
		for (const plan of PLANS) {
			const sources = await foundSources(root, model, plan);
			deployments.push({ folder, plan, sources, prompt: 512, generate: 64, repeats: 9 });
		}
	}
	for (const plan of PLANS) {
		const sources = MADE_UP_PLANS[plan];
		deployments.push({ folder: madeUp, plan, sources, prompt: 512, generate: 16, repeats: 5 });
	}
	const measured: { plan: string; sources: Sources; report: BenchReport }[] = [];
	for (const deployment of deployments) {
		const { plan, sources } = deployment;
		const bench = await runBench(root, deployment, home);
		measured.push({ plan, sources, report: bench });
		addLines(report, plan, bench);
		// After each, so that a stopped run keeps what it has.
		await writeFile(
			join(root, 'bench', 'deploy.json'),
			`${JSON.stringify(measured, null, '\t')}\n`
		);
	}
	await writeFile(join(root, 'bench', 'deploy.md'), markdown(measured));
}

async function foundSources(root: string, model: string, plan: string): Promise<Sources> {
	const table = JSON.parse(await readFile(join(root, 'bench', 'plans.json'), 'utf8')) as Record<
		string,
		{ followers: number; plans: { name: string; repaired: boolean; sources: Sources }[] }[]
	>;
	const column = table[model].find(({ followers }) => followers === FOLLOWERS);
	const found = column?.plans.find(({ name, repaired }) => name === plan && !repaired);
	if (found === undefined) throw new Error(`bench/plans.json: no plan ${plan} of ${model}`);
	return found.sources;
}

/** The command, as its users run it. */
async function runBench(
	root: string,
	{ folder, plan, sources, prompt, generate, repeats }: Deployment,
	home: string
): Promise<BenchReport> {
	const { layers, heads, kvHeads, architecture } = await readConfig(folder);
	const name = basename(folder);
	const file = join(home, `${name}-${plan}.json`);
	const made = makePlan({
		model: { name, architecture, layers, heads, kvHeads, hash: '' },
		sources,
		spans: planSpans(sources, null),
		definition: null,
		predicted: null
	});
	await writeFile(file, JSON.stringify(made));
	const { stdout } = await promisify(execFile)(process.execPath, [
		join(root, 'dist', 'spanwise.js'),
		...['bench', folder, '--plan', file, '--json', '--home', join(home, 'deploy-home')],
		...['--prompt', String(prompt), '--generate', String(generate), '--repeats', String(repeats)]
	]);
	return JSON.parse(stdout) as BenchReport;
}

function addLines(report: Report, plan: string, { model, setting, ratio, ...bench }: BenchReport) {
	const { baseline, planned } = bench;
	const what = `${model}, ${plan}, planned ÷ baseline`;
	const line = { id: 'j', unit: '', aim: null };
	const { firstTokenSeconds: first, tokensPerSecond: decode } = ratio;
	report.add({
		...line,
		what: `${what}: time to the first token`,
		value: first.median,
		detail: `quartiles ${first.q25.toFixed(2)}–${first.q75.toFixed(2)}; ${(planned.firstTokenSeconds.median * 1000).toFixed(0)} against ${(baseline.firstTokenSeconds.median * 1000).toFixed(0)} ms; prompt ${setting.prompt}`
	});
	report.add({
		...line,
		what: `${what}: tokens/s`,
		value: decode.median,
		detail: `quartiles ${decode.q25.toFixed(2)}–${decode.q75.toFixed(2)}; ${planned.tokensPerSecond.median.toFixed(1)} against ${baseline.tokensPerSecond.median.toFixed(1)}; ${setting.generate} generated`
	});
}

function markdown(measured: { plan: string; report: BenchReport }[]): string {
	const spread = ({ median, q25, q75 }: { median: number; q25: number; q75: number }) =>
		`${median.toFixed(2)} (${q25.toFixed(2)}–${q75.toFixed(2)})`;
	const rows = measured.map(({ report }) => {
		const { ratio, predicted, followers, leftOut, baseline } = report;
		const cells = [
			report.model,
			followers > 0 ? `${followers} follow` : `${leftOut} dropped`,
			`${(baseline.firstTokenSeconds.median * 1000).toFixed(0)} ms`,
			spread(ratio.firstTokenSeconds),
			(1 - predicted.prefillFlops).toFixed(3),
			baseline.tokensPerSecond.median.toFixed(1),
			spread(ratio.tokensPerSecond),
			ratio.peakRss.toFixed(2),
			ratio.cacheBytesPerToken.toFixed(3)
		];
		return `| ${cells.join(' | ')} |`;
	});
	const head =
		'| model | plan | first token | ratio | FLOPs, counted | tokens/s | ratio | peak memory | cache per token |';
	return [head, `|${' --- |'.repeat(9)}`, ...rows, ''].join('\n');
}
