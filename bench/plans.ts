import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PlanFigures, SearchReport } from '../analysis/measure/search/types.ts';
import { searchPlans } from '../tests/builders/opened.ts';

const MODELS = ['mini-llama2', 'mini-llama3'];
const FOLLOWERS = [1, 2, 3, 4, 5, 6];
const SETTING = { context: 256, windows: 8, maxSpan: 6, randomPlans: 100 };
const TEXTS = ['hound-of-the-baskervilles.txt', 'time-machine.txt'];

/** Costs of plans of 1 to 6 followers on the report part, by model: each planner and rival, plain and repaired. */
type PlansTable = Record<string, { followers: number; report: SearchReport }[]>;

/**
 * (i) searches both bundled models for plans that save as much as 1 to 6 followers do; bench/plans.json holds the
 * reports, bench/plans.md the tables of the README.
 */
export async function benchPlans(root: string, home: string): Promise<void> {
	const documents = await Promise.all(
		TEXTS.map(async (name) => ({
			name,
			text: await readFile(join(root, 'static', 'samples', name), 'utf8')
		}))
	);
	const table: PlansTable = {};
	for (const model of MODELS) {
		table[model] = [];
		for (const followers of FOLLOWERS) {
			const { search } = await searchPlans(
				{
					...SETTING,
					modelFolder: join(root, 'models', model),
					documents,
					protectedLayers: [],
					goal: { kind: 'followers', followers },
					repair: true,
					shortlist: null,
					memoryLimitBytes: null,
					home
				},
				{ onProgress: () => undefined }
			);
			table[model].push({ followers, report: search.report });
			console.log(`(i) ${model}, ${followers} followers: ${search.report.verdict.sentence}`);
		}
	}
	await writeFile(
		join(root, 'bench', 'plans.json'),
		`${JSON.stringify(kept(table), null, '\t')}\n`
	);
	await writeFile(join(root, 'bench', 'plans.md'), markdown(table));
}

/** The reports without what is large and not in the tables. */
function kept(table: PlansTable) {
	return Object.fromEntries(
		Object.entries(table).map(([model, searches]) => [
			model,
			searches.map(({ followers, report: { verdict, target, plans, random, baseline } }) => ({
				followers,
				verdict,
				target,
				baseline,
				beaten: random.beaten,
				plans: plans.map(({ plan: _, ...figures }) => figures)
			}))
		])
	);
}

function markdown(table: PlansTable): string {
	return Object.entries(table)
		.map(([model, searches]) => {
			const names = [...new Set(searches.flatMap(({ report }) => report.plans.map(nameOf)))];
			const head = `| ${model} | ${FOLLOWERS.join(' | ')} |\n| --- |${FOLLOWERS.map(() => ' --- |').join('')}`;
			const rows = names.map((name) => {
				const cells = searches.map(({ report }) => {
					const found = report.plans.find((plan) => nameOf(plan) === name);
					return found === undefined ? '—' : cellOf(found, report.verdict.plan);
				});
				return `| ${name} | ${cells.join(' | ')} |`;
			});
			const beaten = searches.map(({ report }) => fractionText(report.random.beaten));
			const random = `| random plans that cost more than the chosen one | ${beaten.join(' | ')} |`;
			return [head, ...rows, random, ''].join('\n');
		})
		.join('\n');
}

function nameOf({ name }: PlanFigures): string {
	return name;
}

/** Loss increase on the report part and its interval; the chosen plan in bold. */
function cellOf({ name, report: { loss, low, high } }: PlanFigures, chosen: string | null): string {
	const nats = (each: number) => each.toFixed(3).replace('-', '−');
	const interval = low === null || high === null ? '' : ` [${nats(low)}, ${nats(high)}]`;
	const value = loss < 0 ? nats(loss) : `+${nats(loss)}`;
	return name === chosen ? `**${value}**${interval}` : `${value}${interval}`;
}

function fractionText(fraction: number | null): string {
	return fraction === null ? '—' : `${Math.round(fraction * 100)}%`;
}
