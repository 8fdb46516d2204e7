import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { madeUpPlan } from '../../tests/builders/results.ts';
import { InputError } from '../errors.ts';
import { commandOf, type Named } from './command.ts';
import { optionName, readFlags, type SettingFlags } from './flags.ts';
import { kindOf, kinds } from './lookup.ts';

const on: Named = { model: 'mini', texts: ['a.txt', 'my text.txt'] };
const windows = { context: 64, windows: 4 };
const plan = madeUpPlan();
const command = (kind: string, named: Named, settings: object) =>
	commandOf(kindOf(kind), named, settings);

describe('the command that measures again', () => {
	it('leaves out what is the default', () => {
		const goal = { kind: 'followers', followers: 2 };
		const rest = {
			maxSpan: 6,
			protectedLayers: [],
			repair: false,
			randomPlans: 100,
			shortlist: null
		};
		expect(command('search', { model: 'mini' }, { ...windows, goal, ...rest })).toBe(
			'spanwise search mini --context 64 --windows 4 --followers 2 --max-span 6'
		);
		const all = v.parse(kindOf('analyze').settings, {});
		expect(command('analyze', on, all)).toBe(
			"spanwise analyze mini --text a.txt 'my text.txt' --context 512 --windows 8"
		);
	});
	it('names model, texts, context and windows, quoted for a shell', () => {
		expect(command('damage', on, { ...windows, maxSpan: 3 })).toBe(
			"spanwise damage mini --text a.txt 'my text.txt' --context 64 --windows 4 --max-span 3"
		);
	});
	it('of an evaluation names plan, questions and the gates that were asked for', () => {
		const gates = { maxLossIncrease: 0, maxAccuracyDrop: 0.02 };
		const named = { ...on, plan: 'plan.json', questions: 'q.jsonl', tokenizer: 't' };
		expect(command('evaluate', named, { ...windows, plan, gates })).toMatch(
			/ --plan plan\.json --choices q\.jsonl --context 64 --windows 4 --max-loss-increase 0 --max-accuracy-drop 0\.02 --tokenizer t$/
		);
	});
	it('of a bench names its rounds, and what it was measured with or against', () => {
		const setting = { prompt: 512, generate: 64, batch: 1, repeats: 5 };
		const named = { model: 'mini', modelFolders: ['/m'], plan: 'my plan.json' };
		expect(command('bench', named, { ...setting, plan, dtype: 'fp16' })).toBe(
			"spanwise bench mini --plan 'my plan.json' --prompt 512 --generate 64 --batch 1 --repeats 5 --dtype fp16 --models /m"
		);
		const against = { model: 'base', instead: ['--against', 'planned'] };
		expect(command('bench', against, { ...setting, plan, dtype: null })).toBe(
			'spanwise bench base --against planned --prompt 512 --generate 64 --batch 1 --repeats 5'
		);
	});
	it.each([
		[{ kind: 'followers', followers: 4 }, '--followers 4'],
		[{ kind: 'save', axis: 'kCache', share: 0.07 }, "--save 'kCache=7%'"],
		[{ kind: 'loss', maxLossIncrease: 0.1 }, '--max-loss-increase 0.1']
	])('of a search names its goal %j', (goal, flags) => {
		const rest = {
			maxSpan: 6,
			protectedLayers: [0, 15],
			repair: true,
			randomPlans: 20,
			shortlist: 7
		};
		expect(
			command('search', { ...on, modelFolders: ['/m'] }, { ...windows, goal, ...rest })
		).toMatch(
			` ${flags} --max-span 6 --protect 0,15 --repair --random 20 --shortlist 7 --models /m`
		);
	});
});

/** Values of a command line's options, as commander makes them. */
function optionsOf(kind: string, words: readonly string[]): Record<string, unknown> {
	const table = kindOf(kind).flags as Readonly<Record<string, SettingFlags<never>>>;
	const flags = Object.values(table).flatMap((setting) => [...setting.flags]);
	return Object.fromEntries(
		flags.flatMap(({ flag, parse, choices }) => {
			const at = words.indexOf(flag.split(' ')[0]);
			if (at === -1) return [];
			const text = words[at + 1];
			const value = parse ? parse(text) : choices ? text : true;
			return [[optionName(flag), value]];
		})
	);
}

const SETTINGS: Record<string, object[]> = {
	analyze: [{}, { metrics: ['cosine'], views: ['no-sink'], jsRows: 'all' }, { jsRows: 7 }],
	damage: [{}, { context: 32, windows: 3, maxSpan: 9, recall: false }],
	evaluate: [{ plan }, { plan, gates: { minAgreement: 0.5, maxLossIncrease: -0.01 } }],
	search: [
		{ goal: { kind: 'followers', followers: 3 } },
		{ goal: { kind: 'save', axis: 'kvCache', share: 0.125 }, repair: true, shortlist: 5 },
		{ goal: { kind: 'loss', maxLossIncrease: 0 }, protectedLayers: [0, 3], randomPlans: 0 }
	],
	bench: [{ plan }, { plan, dtype: 'fp16', prompt: 7, repeats: 2 }],
	tune: [{ plan }, { plan, steps: 20, batch: 2, learningRate: 1e-3, compare: false }]
};

describe('the options of every kind', () => {
	it.each(
		kinds().flatMap((kind) => SETTINGS[kind.kind].map((given) => [kind.kind, given] as const))
	)('read back what they wrote: %s %j', (name, given) => {
		const kind = kindOf(name);
		const settings = v.parse(kind.settings, given);
		const words = commandOf(kind, { model: 'm' }, settings).split(' ');
		const read = readFlags(
			kind.flags,
			optionsOf(
				name,
				words.map((word) => word.replaceAll("'", ''))
			)
		);
		const taken = kind.takes.includes('plan') ? { plan } : {};
		expect(v.parse(kind.settings, { ...taken, ...read })).toEqual(settings);
	});
	it('say one goal of a search, and no more', () => {
		const { flags } = kindOf('search');
		expect(() => readFlags(flags, {})).toThrow(
			new InputError(
				'goal: none given; expected exactly one of --followers, --save and --max-loss-increase'
			)
		);
		expect(() => readFlags(flags, { followers: 1, maxLossIncrease: 2 })).toThrow('goal: 2 given');
	});
});
