import { describe, expect, it } from 'vitest';
import { parseQuestions } from './parse.ts';

/** As lm-evaluation-harness 0.4.9 writes it, documents shortened. */
function sample(change: Record<string, unknown> = {}): string {
	return JSON.stringify({
		doc_id: 0,
		doc: { query: 'Roof shingle removal: A man is sitting on a roof. he' },
		target: '3',
		arguments: {
			gen_args_0: { arg_0: 'A man is sitting on a roof. he', arg_1: ' is using wrap.' },
			gen_args_1: { arg_0: 'A man is sitting on a roof. he', arg_1: ' is ripping tiles.' },
			gen_args_2: { arg_0: 'A man is sitting on a roof. he', arg_1: ' holds a cube.' },
			gen_args_3: { arg_0: 'A man is sitting on a roof. he', arg_1: ' starts pulling.' }
		},
		resps: [[['-32.1', 'False']], [['-29.8', 'False']], [['-31.0', 'False']], [['-24.0', 'False']]],
		filtered_resps: [
			['-32.1', 'False'],
			['-29.8', 'False'],
			['-31.0', 'False'],
			['-24.0', 'False']
		],
		filter: 'none',
		metrics: ['acc', 'acc_norm'],
		doc_hash: 'd0',
		prompt_hash: 'p0',
		target_hash: 't0',
		acc: 1.0,
		acc_norm: 1.0,
		...change
	});
}
const questions = (...lines: string[]) => parseQuestions(lines.join('\n'), 'samples.jsonl');

describe('samples of lm-evaluation-harness as questions', () => {
	it('are contexts and continuations as they were sent', () => {
		expect(questions(sample())).toEqual([
			{
				prompt: 'A man is sitting on a roof. he',
				choices: [' is using wrap.', ' is ripping tiles.', ' holds a cube.', ' starts pulling.'],
				answer: 3,
				group: null
			}
		]);
	});
	it('may be lists, as earlier versions wrote them', () => {
		const lists = [
			['Water is', ' dry'],
			['Water is', ' wet']
		];
		expect(questions(sample({ arguments: lists, target: 1 }))).toMatchObject([
			{ prompt: 'Water is', choices: [' dry', ' wet'], answer: 1 }
		]);
		expect(questions(sample({ arguments: lists, target: 'wet' }))).toMatchObject([{ answer: 1 }]);
	});
	it('count once, whatever filters they went through, and without requests that have no context', () => {
		const mutual = [
			['Water is', ' dry'],
			['Water is', ' wet'],
			['', ' dry'],
			['', ' wet']
		];
		const found = questions(
			sample({ arguments: mutual, target: 0 }),
			sample({ arguments: mutual, target: 0, filter: 'other' })
		);
		expect(found).toMatchObject([{ choices: [' dry', ' wet'], answer: 0 }]);
	});
	it.each([
		[{ target: 'F' }, 'line 1: target "F" is neither the index nor the text of one of 4 choices'],
		[{ target: 4 }, 'target 4 is neither'],
		[
			{ arguments: [['a', ' b']] },
			'line 1: 1 continuations; expected the samples of a multiple-choice'
		],
		[
			{
				arguments: [
					['Tom', ' won'],
					['Ann', ' won']
				]
			},
			'every choice has a context of its own, as in WinoGrande'
		]
	])('are refused: %j', (change, message) => {
		expect(() => questions(sample(change))).toThrow(message);
	});
});
