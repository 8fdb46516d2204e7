import { describe, expect, it } from 'vitest';
import { benchCommand, damageCommand, evaluateCommand, searchCommand } from './command.ts';

const on = { model: 'mini', texts: ['a.txt', 'my text.txt'], context: 64, windows: 4 };

describe('the command that measures again', () => {
	it('leaves out what is the default', () => {
		const goal = { kind: 'followers', followers: 2 } as const;
		const rest = {
			maxSpan: 6,
			protectedLayers: [],
			repair: false,
			randomPlans: 100,
			shortlist: null
		};
		expect(searchCommand({ ...on, texts: [] }, { goal, ...rest })).toBe(
			'spanwise search mini --context 64 --windows 4 --followers 2 --max-span 6'
		);
	});
	it('names model, texts, context and windows, quoted for a shell', () => {
		expect(damageCommand(on, { maxSpan: 3 })).toBe(
			"spanwise damage mini --text a.txt 'my text.txt' --context 64 --windows 4 --max-span 3"
		);
	});
	it('of an evaluation names plan, questions and the gates that were asked for', () => {
		const gates = { maxLossIncrease: 0, maxAccuracyDrop: 0.02 };
		const command = evaluateCommand(on, { plan: 'plan.json', questions: 'q.jsonl', gates });
		expect(command).toMatch(
			/ --plan plan\.json --choices q\.jsonl --max-loss-increase 0 --max-accuracy-drop 0\.02$/
		);
	});
	it('of a bench names its rounds, and what it was measured with or against', () => {
		const setting = { prompt: 512, generate: 64, batch: 1, repeats: 5 };
		const model = { model: 'mini', modelFolders: ['/m'] };
		expect(benchCommand(model, setting, { plan: 'my plan.json', dtype: 'fp16' })).toBe(
			"spanwise bench mini --plan 'my plan.json' --prompt 512 --generate 64 --batch 1 --repeats 5 --dtype fp16 --models /m"
		);
		expect(benchCommand({ model: 'base' }, setting, { against: 'planned', dtype: null })).toBe(
			'spanwise bench base --against planned --prompt 512 --generate 64 --batch 1 --repeats 5'
		);
	});
	it.each([
		[{ kind: 'followers', followers: 4 } as const, '--followers 4'],
		[{ kind: 'save', axis: 'kCache', share: 0.07 } as const, "--save 'kCache=7%'"],
		[{ kind: 'loss', maxLossIncrease: 0.1 } as const, '--max-loss-increase 0.1']
	])('of a search names its goal %j', (goal, flags) => {
		const rest = {
			maxSpan: 6,
			protectedLayers: [0, 15],
			repair: true,
			randomPlans: 20,
			shortlist: 7
		};
		expect(searchCommand({ ...on, modelFolders: ['/m'] }, { goal, ...rest })).toMatch(
			` ${flags} --max-span 6 --protect 0,15 --repair --random 20 --shortlist 7 --models /m`
		);
	});
});
