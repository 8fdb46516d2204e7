import { extname } from 'node:path';
import { Option, type Command } from 'commander';
import { readDynamics } from '../analysis/compare/storedDynamics.ts';
import { anyNumber } from '../analysis/edge/values.ts';
import { quoted } from '../analysis/edge/quote.ts';
import { InputError } from '../analysis/errors.ts';
import { COLOURS, SINGLE, WIDTHS, type Style, type WidthName } from '../analysis/figure/style.ts';
import { SAVING_AXES } from '../analysis/plan/axes.ts';
import { DAMAGE_MAPS } from '../analysis/publish/damageCard.ts';
import { COSTS } from '../analysis/publish/front.ts';
import { dynamicsFigure } from '../analysis/publish/dynamics.ts';
import type { Figure } from '../analysis/figure/marks.ts';
import { PRESETS, type PresetName } from '../analysis/publish/presets.ts';
import { SHOWN } from '../analysis/similarity/shown.ts';
import { METRICS, VIEWS } from '../analysis/similarity/types.ts';
import { writeFigure } from './figureFiles.ts';
import { figureOf, FIGURE_KINDS, type FigureChoice, type FigureKind } from './figureKinds.ts';
import { findRun, homeOf } from './found.ts';
import { printJson, say, type Io } from './io.ts';
import {
	argument,
	layerList,
	wholeNumber,
	withSharedOptions,
	type SharedOptions
} from './options.ts';

const HELP = `
map: similarity of every two layers. profile: layer by layer, similarity to the layer before, damage of dropping
it on text and on recall, induction. damage: measured damage of every pair. front: savings vs. loss of a search.
compare: maps of several runs under one scale. tokens: attention of heads from token to token; runs the model. dynamics: a
training that spanwise dynamics measured, by the id that it printed.

--out says the form by its end: .pdf (vector, font embedded), .svg, .png (300 dpi). Beside it are
written .csv (the numbers), .py (matplotlib, reads the CSV) and .tex (LaTeX with caption and the commands).

Presets: shared-attention, the map of the Shared Attention paper (cosine of flattened heads); echo-att, the same from 0
to 1, as EchoAtt draws it; llm-drop, importance of each layer, 1 − cos(x, x + Attn(x)), of a search.

Examples (llama2-run: made by the example of spanwise analyze):
  spanwise figure llama2-run --kind map --out map.pdf
  spanwise figure llama2-run --kind profile --style double --no-caption --out profile.pdf`;

interface FigureOptions extends SharedOptions, FigureChoice {
	kind: FigureKind;
	out: string;
	style: WidthName;
	colours: Style['colours'];
	title: boolean;
	caption: boolean;
	spans: boolean;
	colourBar: boolean;
	ownScales?: boolean;
	preset?: PresetName;
}

export function registerFigure(program: Command, io: Io): void {
	const command = withSharedOptions(
		program
			.command('figure')
			.description(
				'draw a figure for a paper: PDF, SVG or PNG, with its numbers, a script and LaTeX'
			)
			.argument(
				'<run...>',
				"a run's folder or id; several for --kind compare; a training's id for --kind dynamics"
			)
			.addOption(new Option('--kind <kind>', 'what is drawn').choices(FIGURE_KINDS).default('map'))
			.requiredOption('--out <file>', 'figure.pdf, .svg or .png')
			.addOption(
				new Option('--preset <preset>', 'as published; other options still count').choices(
					Object.keys(PRESETS)
				)
			)
			.addOption(
				new Option('--style <style>', 'one column, 3.25 in, or two, 6.75 in')
					.choices(Object.keys(WIDTHS))
					.default('single')
			)
			.addOption(
				new Option('--colours <colours>', "the page's, or cividis, read in grey too")
					.choices(COLOURS)
					.default('light')
			)
			.option('--no-title', 'leave the title out')
			.option('--no-caption', 'leave the caption out of the drawing; it stays in the .tex')
			.option('--no-spans', 'leave out the spans of --plan')
			.option('--no-colour-bar', 'leave out what colours stand for')
			.option('--own-scales', 'compare: a scale for each map in place of one for all')
			.addOption(
				new Option('--metric <metric>', 'of similarity').choices(METRICS).default('cosine')
			)
			.addOption(new Option('--view <view>', 'entries that count').choices(VIEWS).default('all'))
			.addOption(
				new Option('--show <what>', 'map: of the measure').choices(SHOWN).default('similarity')
			)
			.option('--range <low,high>', 'range of the colours', argument(twoNumbers))
			.option('--plan <file>', 'map, damage: draw the spans of a plan')
			.addOption(
				new Option('--measure <measure>', 'damage: which').choices(DAMAGE_MAPS).default('damage')
			)
			.addOption(
				new Option('--axis <axis>', 'front: what is saved (default: the search’s)').choices(
					SAVING_AXES
				)
			)
			.addOption(
				new Option('--against <loss>', 'front: loss on text, recall, or accuracy on questions')
					.choices(COSTS)
					.default('text')
			)
			.option('--result <id>', 'the stored result (default: the newest of the model)')
			.option('--layers <list>', 'tokens: layers, side by side', layerList)
			.option('--heads <list>', 'tokens: the head of each layer, or one for all', layerList)
			.option('--window <number>', 'tokens: window of the run', wholeNumber(0), 0),
		'print the names of the files as JSON'
	);
	command.addHelpText('after', HELP).action(async (runs: string[], given: FigureOptions) => {
		const options = withPreset(given, command);
		checkOut(options.out);
		const style = styleOf(options);
		const figure = await drawn(runs, options, style, io);
		const files = await writeFigure(figure, style, options.out);
		if (options.json) printJson(io, { files });
		else say(io, `wrote ${files.map((file) => quoted(file)).join(', ')}`);
	});
}

/** The figure of runs, or of a training. */
async function drawn(
	names: readonly string[],
	options: FigureOptions,
	style: Style,
	io: Io
): Promise<Figure> {
	const { kind } = options;
	const home = homeOf(options, io);
	if (kind === 'dynamics') {
		if (names.length !== 1)
			throw new InputError(`--kind dynamics: found ${names.length} names; it draws one training`);
		return dynamicsFigure((await readDynamics(home, names[0])).dynamics, style);
	}
	const sources = [];
	for (const run of names) sources.push({ ...(await findRun(run, options, io)), home });
	return figureOf(kind, sources, options, style);
}

function twoNumbers(text: string): [number, number] {
	const [low, high, ...more] = text.split(',').map(anyNumber);
	if (more.length > 0 || !(low < high)) throw new InputError('expected low,high such as 0,1');
	return [low, high];
}

/** The options with what a preset says in place of defaults. */
function withPreset(options: FigureOptions, command: Command): FigureOptions {
	if (options.preset === undefined) return options;
	const set = Object.entries(PRESETS[options.preset].set).filter(
		([name]) => command.getOptionValueSource(name) !== 'cli'
	);
	return { ...options, ...Object.fromEntries(set) };
}

function styleOf(options: FigureOptions): Style {
	const { colours, title, caption, spans, colourBar, ownScales = false } = options;
	const width = WIDTHS[options.style];
	return { ...SINGLE, width, colours, title, caption, spans, colourBar, ownScales };
}

const FORMS = ['.pdf', '.svg', '.png'];

function checkOut(out: string): void {
	if (!FORMS.includes(extname(out)))
		throw new InputError(`--out ${quoted(out)}: expected a name that ends in ${FORMS.join(', ')}`);
}
