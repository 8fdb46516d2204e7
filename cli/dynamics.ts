import { writeFile } from 'node:fs/promises';
import { basename, dirname, extname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { dynamicsStep, type Dynamics, type StepDamage } from '../analysis/compare/dynamics.ts';
import { writeDynamics } from '../analysis/compare/storedDynamics.ts';
import { quoted } from '../analysis/edge/quote.ts';
import { InputError } from '../analysis/errors.ts';
import { SINGLE, WIDTHS, type Style, type WidthName } from '../analysis/figure/style.ts';
import { analyze } from '../analysis/measure/analyze/index.ts';
import type { AnalyzeSettings } from '../analysis/measure/analyze/settings.ts';
import { commandOf } from '../analysis/measure/command.ts';
import { damage } from '../analysis/measure/damage/index.ts';
import { DAMAGE_DEFAULTS } from '../analysis/measure/damage/defaults.ts';
import type { Request } from '../analysis/measure/kind.ts';
import { opening, planTorchFlags } from '../analysis/measure/torchFlags.ts';
import { cacheFolder } from '../analysis/model/checkpoint/cache.ts';
import { trainingSteps, type TrainingStep } from '../analysis/model/catalogue/training.ts';
import { withModel } from '../analysis/model/open.ts';
import { documentFacts } from '../analysis/model/tokens/documents.ts';
import { PROBE_TOKENS } from '../analysis/model/tokens/probes.ts';
import { cutWindows } from '../analysis/model/tokens/windows.ts';
import {
	dynamicsCsv,
	dynamicsFigure,
	dynamicsPage,
	tableRows
} from '../analysis/publish/dynamics.ts';
import type { Metric, View } from '../analysis/similarity/types.ts';
import { shellLine } from '../analysis/text/shell.ts';
import { listRuns } from '../analysis/workspace/run/list.ts';
import { readSums } from '../analysis/workspace/run/read.ts';
import { runLike } from '../analysis/workspace/run/reuse.ts';
import type { RunRecord } from '../analysis/workspace/run/types.ts';
import { writeFigure } from './figureFiles.ts';
import { homeOf } from './found.ts';
import { print, printJson, say, type Io } from './io.ts';
import {
	metricOption,
	viewOption,
	wholeNumber,
	withSharedOptions,
	type SharedOptions
} from './options.ts';
import { optionOf } from './measurement.ts';
import { reportModel } from './supervise.ts';
import { formatTable } from './table.ts';
import { readTexts } from './texts.ts';
import { withProgress } from './withProgress.ts';
import { WORKERS } from './workers.ts';

const HELP = `
FOLDER is a checkpoint such as checkpoint-1000, a folder of such checkpoints, or org/name of the Hugging Face cache, whose
revisions with a number in their name (step1000) are taken. The last number of a name is the step. Your shell expands a
glob: out/checkpoint-*.

Every checkpoint is analysed on the same windows of text; a run of the workspace with the same weights, text, windows and
engine is taken as it is. Rerun a command that was stopped: what is there is not measured again. --damage measures the damage map of every
checkpoint too, which takes far longer.

--engine torch measures on PyTorch, with --device and --dtype; its runs are kept apart from those of the own engine.

What was measured is kept in the workspace: the page /dynamics shows it, and spanwise figure ID --kind dynamics draws it.

The table has the loss, recall, and the mean similarity of neighbouring layers with its 95% interval and its ends; CSV and JSON have
every pair of neighbours. --out writes a figure (.pdf, .svg, .png, with its numbers beside it) or a page (.html).

Examples:
  spanwise dynamics out/checkpoint-* --text static/samples/walden.txt --out dynamics.pdf
  spanwise dynamics EleutherAI/pythia-70m --text static/samples/walden.txt --format csv > pythia.csv`;

const FORMATS = ['text', 'csv', 'json'] as const;
const FIGURES = ['.pdf', '.svg', '.png'];
const PAGE = '.html';

interface DynamicsOptions extends SharedOptions {
	text: string[];
	context: number;
	windows: number;
	metric: Metric;
	view: View;
	recall: 'on' | 'off';
	damage?: boolean;
	engine?: string;
	device?: string;
	dtype?: string;
	format: (typeof FORMATS)[number];
	out?: string;
	style: WidthName;
}

export function registerDynamics(program: Command, io: Io): void {
	const command = withSharedOptions(
		program
			.command('dynamics')
			.description('follow the similarity of layers through the checkpoints of a training')
			.argument('<folder...>', 'checkpoints, folders of them, or org/name of the cache')
			.requiredOption('--text <file...>', 'texts to read, UTF-8; - is stdin')
			.option('--context <tokens>', 'tokens in a window', wholeNumber(1), 256)
			.option('--windows <count>', 'windows of text', wholeNumber(1), 8)
			.addOption(metricOption())
			.addOption(viewOption())
			.addOption(
				new Option('--recall <on|off>', 'measure in-context recall too')
					.choices(['on', 'off'])
					.default('on')
			)
			.option('--damage', 'measure the damage map of every checkpoint too')
			.addOption(
				new Option('--format <format>', 'form of the output').choices(FORMATS).default('text')
			)
			.option('--out <file>', 'figure.pdf, .svg or .png, or a page, .html')
			.addOption(
				new Option('--style <style>', 'figure: one column, 3.25 in, or two, 6.75 in')
					.choices(Object.keys(WIDTHS))
					.default('single')
			),
		'print JSON, as --format json'
	);
	for (const flag of planTorchFlags.flags) command.addOption(optionOf(flag, undefined));
	command.addHelpText('after', HELP).action(async (places: string[], options: DynamicsOptions) => {
		checkOut(options.out);
		const { name, ...dynamics } = await measured(places, options, io);
		const words = ['spanwise', 'dynamics', ...places, ...settingWords(options)];
		const about = { name, command: shellLine(words) };
		const id = await writeDynamics(homeOf(options, io), about, dynamics);
		const format = options.json ? 'json' : options.format;
		if (format === 'json') printJson(io, dynamics);
		else print(io, format === 'csv' ? dynamicsCsv(dynamics) : textOf(dynamics));
		if (options.out !== undefined) await draw(dynamics, options.out, options.style, io);
		say(io, `kept as ${id}; spanwise serve shows it on the page /dynamics/${id}`);
	});
}

/** The options that say again what is measured. */
function settingWords(options: DynamicsOptions): string[] {
	const { text, context, windows, metric, view, recall, damage, engine, device, dtype } = options;
	const torch = planTorchFlags.read([engine, device, dtype]);
	return [
		...['--text', ...text, '--context', `${context}`, '--windows', `${windows}`],
		...['--metric', metric, '--view', view, '--recall', recall],
		...(damage === true ? ['--damage'] : []),
		...(torch === undefined ? [] : planTorchFlags.write(torch))
	];
}

function checkOut(out: string | undefined): void {
	const allowed = [...FIGURES, PAGE];
	if (out === undefined || allowed.includes(extname(out))) return;
	throw new InputError(`--out ${quoted(out)}: expected a name that ends in ${allowed.join(', ')}`);
}

/** Measures every checkpoint, or takes what the workspace has of it. */
async function measured(
	places: string[],
	options: DynamicsOptions,
	io: Io
): Promise<Dynamics & { name: string }> {
	const steps = await trainingSteps(places, cacheFolder(io.env));
	const home = homeOf(options, io);
	const documents = await readTexts(options.text, io);
	const { context, windows, metric, view, memory } = options;
	const torch = planTorchFlags.read([options.engine, options.device, options.dtype]) ?? null;
	const shared = { context, windows, recall: options.recall === 'on' };
	const settings: AnalyzeSettings = {
		...{ ...shared, metrics: [metric], views: [view], jsRows: 32 },
		...{ torch, device: 'cpu' }
	};
	const base: Omit<Request, 'modelFolder' | 'kind' | 'settings'> = {
		...{ modelHash: null, documents, questions: null, tokenizer: null, planFolder: null },
		...{ memoryLimitBytes: memory ?? null, home }
	};
	const found: Dynamics['steps'] = [];
	let last: RunRecord | null = null;
	for (const step of steps) {
		reportModel(step.folder);
		const request = { ...base, kind: 'analyze', modelFolder: step.folder, settings };
		const { folder, record } = await runOf(step, request, options, io);
		const losses = options.damage
			? await damageOf(
					{
						...request,
						settings: {
							...{ ...shared, maxSpan: DAMAGE_DEFAULTS.maxSpan, torch },
							recallTokens: PROBE_TOKENS
						}
					},
					io
				)
			: null;
		const sums = await readSums(folder, record, view);
		found.push(dynamicsStep(step, record, sums, metric, losses));
		last = record;
	}
	const texts = documents.map(documentFacts).map(({ name, sha256 }) => ({ name, sha256 }));
	return {
		...{ name: nameOf(places, steps), metric, view, texts, steps: found },
		...(torch && { engine: { name: 'torch' as const, ...torch } }),
		...{ context: last?.context ?? context, windows: last?.windows.length ?? windows }
	};
}

/** Names a training: by the place that was named, or else by the folder that its checkpoints lie in. */
function nameOf(places: readonly string[], [first]: readonly TrainingStep[]): string {
	const [place] = places;
	return basename(places.length === 1 ? resolve(place) : dirname(first.folder));
}

/** The run of a checkpoint: one that is there, or a new one. */
async function runOf(
	{ name, folder: modelFolder }: TrainingStep,
	request: Request<AnalyzeSettings>,
	{ metric, view, text }: DynamicsOptions,
	io: Io
): Promise<{ folder: string; record: RunRecord }> {
	const { home, documents, settings } = request;
	const wanted = await withModel(
		modelFolder,
		async (model) => {
			const tokenizer = await model.tokenizer();
			const { windows } = await cutWindows(documents, tokenizer, settings);
			return {
				...{ hash: await model.hash(home), tokenizerHash: tokenizer.sha256 },
				texts: documents.map(documentFacts),
				windows: windows.map(({ document, start, ids }) => ({
					document,
					start,
					tokens: ids.length
				})),
				...{ metric, view, recall: settings.recall },
				engine: settings.torch
					? { name: 'torch' as const, dtype: settings.torch.dtype }
					: { name: 'onnxruntime' as const, dtype: 'float32' as const }
			};
		},
		opening(settings)
	);
	const known = runLike(await listRuns(home), wanted);
	if (known !== null) {
		say(io, `${name}: run ${known.record.id} is of the same weights and text`);
		return known;
	}
	const command = commandOf(analyze, { model: modelFolder, texts: text }, settings);
	const running = { id: null, command, out: null, workers: WORKERS };
	await withProgress(io, { resumes: true }, (watch) =>
		analyze.run(request, { ...running, ...watch })
	);
	const made = runLike(await listRuns(home), wanted);
	if (made !== null) return made;
	throw new Error(`${name}: its run is not found again`);
}

/** Damage of dropping each layer, and of each that follows the one before; resumed where it was measured before. */
async function damageOf(request: Parameters<typeof damage.run>[0], io: Io): Promise<StepDamage> {
	const command = commandOf(damage, { model: request.modelFolder }, request.settings);
	const running = { id: null, command, out: null, workers: WORKERS };
	const { figures } = await withProgress(io, { resumes: true }, (watch) =>
		damage.run(request, { ...running, ...watch })
	);
	const { drops, report } = figures;
	const next = drops.slice(1).map(({ layer }) => {
		const pair = report.pairs.find(
			({ source, follower }) => source === layer - 1 && follower === layer
		);
		return pair?.loss ?? null;
	});
	return { drop: drops.map(({ loss }) => loss), next };
}

function textOf(dynamics: Dynamics): string {
	const [header, ...rows] = tableRows(dynamics);
	return formatTable(
		rows,
		header.map((title, at) => ({ title, value: (row) => row[at], align: 'right' as const }))
	);
}

async function draw(dynamics: Dynamics, out: string, width: WidthName, io: Io): Promise<void> {
	const style: Style = { ...SINGLE, width: WIDTHS[width] };
	const figure = dynamicsFigure(dynamics, style);
	if (extname(out) !== PAGE) {
		const files = await writeFigure(figure, style, out);
		say(io, `wrote ${files.map((file) => quoted(file)).join(', ')}`);
		return;
	}
	await writeFile(out, dynamicsPage(dynamics, figure, style));
	say(io, `wrote ${quoted(out)}`);
}
