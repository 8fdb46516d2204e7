/**
 * `npm run results -- MODEL`: what plans cost a model at the savings of 4, 8 and 12 followers, on text and on recall,
 * zero-shot and repaired, as Markdown on stdout. It runs `spanwise search MODEL --followers N --repair --json` and passes
 * on the options of search that it is given. `--followers 4,8` names other savings; `--from a.json,b.json` takes reports
 * that `spanwise search … --json` printed, and `--machine "…"` says what they were made on.
 */
import { spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { readJsonFile } from '../analysis/edge/json.ts';
import type { SearchReport } from '../analysis/measure/search/types.ts';
import { resultsText } from './resultsText.ts';

const DEFAULT_FOLLOWERS = '4,8,12';
const MOST_BYTES = 2 ** 28;

/** The command, seen from bench/build. */
const command = fileURLToPath(new URL('../../dist/spanwise.js', import.meta.url));

/** The report that a search prints; ends the process where the search fails. */
function searched(model: string, followers: string, options: readonly string[]): SearchReport {
	const { status, stdout } = spawnSync(
		process.execPath,
		[command, 'search', model, '--followers', followers, '--repair', '--json', ...options],
		{ stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', maxBuffer: MOST_BYTES }
	);
	if (status !== 0) process.exit(status ?? 1);
	return JSON.parse(stdout) as SearchReport;
}

const model = process.argv.at(2);
const rest = process.argv.slice(3);
if (model === undefined || model.startsWith('-')) {
	console.error(
		'expected a model: npm run results -- MODEL [--followers 4,8,12] [--from FILES] [--machine TEXT] [options of search]'
	);
	process.exit(2);
}
const own = new Map<string, string>();
const passed: string[] = [];
for (let at = 0; at < rest.length; at++) {
	if (['--followers', '--from', '--machine'].includes(rest[at])) own.set(rest[at], rest[++at]);
	else passed.push(rest[at]);
}
const reports: SearchReport[] = [];
const from = own.get('--from');
if (from === undefined)
	for (const followers of (own.get('--followers') ?? DEFAULT_FOLLOWERS).split(','))
		reports.push(searched(model, followers, passed));
else for (const file of from.split(',')) reports.push((await readJsonFile(file)) as SearchReport);
const here = `onnxruntime on the CPU, ${availableParallelism()} cores (${cpus().at(0)?.model ?? 'unknown'})`;
process.stdout.write(resultsText(model, reports, own.get('--machine') ?? here));
