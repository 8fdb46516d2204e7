/** The subcommand of a kind of measurement: its options, its run, what is printed and what is kept. */
import { dirname, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import * as v from 'valibot';
import { parseUntrusted } from '../analysis/edge/parse.ts';
import { InputError } from '../analysis/errors.ts';
import { commandOf } from '../analysis/measure/command.ts';
import { readFlags, type Flag, type SettingFlags } from '../analysis/measure/flags.ts';
import type { Kind, Measurement, Request } from '../analysis/measure/kind.ts';
import { planSetting, resultOf } from '../analysis/measure/results/result.ts';
import { TelemetryRecorder } from '../analysis/telemetry/recorder.ts';
import type { FolderFile } from '../analysis/workspace/wholeFolder.ts';
import { findModel, homeOf } from './found.ts';
import { print, printJson, say, type Io } from './io.ts';
import { argument, withSharedOptions, type SharedOptions } from './options.ts';
import { readOwnPlan, readPlan } from './planFile.ts';
import { sampleFiles, samplesHelp } from './samples.ts';
import { addShardOptions, shardStep, type ShardOptions } from './shards.ts';
import { storeResult } from './store.ts';
import { readQuestions, readTexts } from './texts.ts';
import { withProgress } from './withProgress.ts';
import { WORKERS } from './workers.ts';

/** Options of all kinds, each as far as it has them; those of its settings and its own beside them. */
export interface KindOptions extends SharedOptions, ShardOptions {
	text?: string[];
	plan?: string;
	choices?: string;
	tokenizer?: string;
	out?: string;
	[more: string]: unknown;
}

/** Figures, files and settings of a measurement. */
export interface Made<Figures> {
	figures: Figures;
	files: readonly FolderFile[];
	settings: object;
}

/** Options, steps and texts of a subcommand beyond those of its kind. */
export interface Own<Figures extends object = object> {
	/** Description of the argument MODEL, for --help. */
	model?: string;
	options?: readonly Option[];
	/** True if the plan that a model was written with is taken where no --plan is given. */
	ownPlan?: boolean;
	/** Said where a plan is missing. */
	planMissing?: string;
	/** Looks at its own options before anything is opened; the settings that they say. `read`: those of the flags. */
	prepare?(
		options: KindOptions,
		read: Readonly<Record<string, unknown>>
	): Promise<Record<string, unknown>>;
	/** Does all of it, where its own options ask for something else; false: they do not. */
	otherwise?(model: string, options: KindOptions, io: Io): Promise<boolean>;
	/** Lines said before the figures. */
	remarks?(figures: Figures): string[];
	/** The figures for people; without it, the kind's summary. */
	text?(figures: Figures): string;
	/** Done once they are printed. */
	printed?(made: Made<Figures>, options: KindOptions, io: Io): Promise<void>;
	/** Done once they are kept; throws where the exit code is another. */
	kept?(figures: Figures, io: Io): void;
}

/** Adds the subcommand that measures. */
export function registerMeasurement(
	program: Command,
	kind: Measurement,
	io: Io,
	own: Own = {}
): void {
	kindCommand(program, kind, own).action(async (model: string, options: KindOptions) => {
		if (await own.otherwise?.(model, options, io)) return;
		const { request: whole, command } = await asked(kind, model, options, io, own);
		const recorder = new TelemetryRecorder();
		const running = { id: null, command, out: pathOf(options.out), workers: WORKERS };
		const ready = await shardStep(kind, whole, running, options, io);
		if (ready === null) return;
		const { request, id } = ready;
		const { figures, files = [] } = await withProgress(io, { resumes: kind.resumes }, (watch) =>
			kind.run(request, { ...running, ...watch, onProgress: recorder.watching(watch.onProgress) })
		);
		const { settings, home } = request;
		for (const line of own.remarks?.(figures) ?? []) say(io, line);
		printFigures(kind, figures, options, io, own);
		await own.printed?.({ figures, files, settings }, options, io);
		const result = resultOf(kind.kind, figures, planSetting(settings));
		await storeResult(result, { home, command, recorder, id }, io, files);
		own.kept?.(figures, io);
	});
}

/** Prints figures as JSON, for people, or in a line. */
export function printFigures(
	kind: Measurement,
	figures: object,
	{ json }: SharedOptions,
	io: Io,
	own: Own
): void {
	if (json) printJson(io, 'report' in figures ? figures.report : figures);
	else print(io, own.text?.(figures) ?? `${kind.summary(figures, 'the plan')}\n`);
}

/** A subcommand with the options of its kind. */
export function kindCommand(program: Command, kindOfCommand: Kind, own: Own = {}): Command {
	const { kind, takes, samples, flags, settings, help } = kindOfCommand;
	const command = program
		.command(kind)
		.description(help.about)
		.argument('<model>', own.model ?? 'folder or name of a model');
	if (takes.includes('plan')) command.option('--plan <file>', 'a plan.json');
	if (takes.includes('texts') && samples.length > 0)
		command.option('--text <file...>', samplesHelp(samples));
	else if (takes.includes('texts'))
		command.requiredOption('--text <file...>', 'texts to read, UTF-8; - is stdin');
	for (const [key, setting] of Object.entries(flags) as [string, SettingFlags<unknown>][]) {
		const standing = setting.flags.length === 1 ? v.getDefault(settings.entries[key]) : undefined;
		for (const flag of setting.flags) command.addOption(optionOf(flag, standing));
	}
	if (kindOfCommand.measureShard !== undefined) addShardOptions(command);
	if (takes.includes('questions'))
		command.option('--choices <file>', 'multiple-choice questions, JSONL');
	for (const option of own.options ?? []) command.addOption(option);
	withSharedOptions(command, 'print the result as JSON');
	if (takes.includes('tokenizer')) {
		command.option(
			'--tokenizer <path>',
			"tokenizer.json or its folder (default: the model's, beside it or one folder up)"
		);
	}
	return command.addHelpText('after', help.more);
}

/** An option as commander takes it. */
export function optionOf(
	{ flag, about, parse, choices, defaultWords }: Flag,
	standing: unknown
): Option {
	const option = new Option(flag, about);
	if (choices !== undefined) return option.choices(choices);
	if (parse === undefined) return option;
	option.argParser(argument(parse));
	return standing === undefined || standing === null
		? option
		: option.default(standing, defaultWords);
}

/** Reads the request from the options, with a command that repeats it. Throws InputError for a bad option or file. */
export async function asked(
	kind: Kind,
	model: string,
	options: KindOptions,
	io: Io,
	own: Own = {}
): Promise<{ request: Request; command: string }> {
	const { plan, choices, text, tokenizer } = options;
	const planned = kind.takes.includes('plan');
	const modelFolder =
		planned && plan === undefined && own.ownPlan
			? await findModel(model, options, io).catch(() => null)
			: null;
	const within = modelFolder === null ? null : await readOwnPlan(modelFolder);
	if (planned && plan === undefined && within === null)
		throw new InputError(own.planMissing ?? '--plan: missing');
	if (within !== null)
		say(
			io,
			'--plan: none given; the model was written with one, which baseline and planned both have'
		);
	const read = readFlags(kind.flags, options);
	const said = { ...read, ...(await own.prepare?.(options, read)) };
	const questions = choices === undefined ? null : await readQuestions(choices);
	const given = !planned
		? said
		: { ...said, plan: plan === undefined ? within : await readPlan(plan) };
	const settings = parseUntrusted(kind.settings, given, kind.kind);
	const request: Request = {
		kind: kind.kind,
		modelFolder: modelFolder ?? (await findModel(model, options, io)),
		modelHash: null,
		settings,
		documents: kind.takes.includes('texts')
			? await readTexts(text ?? sampleFiles(kind.samples), io)
			: [],
		questions,
		tokenizer: tokenizer ?? null,
		planFolder: plan === undefined ? null : dirname(resolve(plan)),
		memoryLimitBytes: options.memory ?? null,
		home: homeOf(options, io)
	};
	const named = { model, texts: text ?? [], plan, questions: choices ?? null, tokenizer };
	const command = commandOf(kind, { ...named, modelFolders: options.models }, settings);
	return { request, command };
}

/** --out as an absolute path; null: not given. */
export function pathOf(out: string | undefined): string | null {
	return out === undefined ? null : resolve(out);
}
