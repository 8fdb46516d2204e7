import { describe, expect, it } from 'vitest';
import { droppedFile } from './droppedFile.ts';

const drop = (name: string, text: string) => droppedFile(name, new TextEncoder().encode(text));

describe('a dropped file', () => {
	it.each([
		['notes.txt', 'Some words.', 'text'],
		['README.md', '# Some words', 'text'],
		['plan.json', '{"format": "spanwise/plan", "version": 1}', 'plan'],
		['list.json', '[0, 1, 4]', 'plan'],
		['ask.jsonl', '{"prompt": "a", "choices": ["b"], "answer": 0}', 'questions'],
		[
			'ask.json',
			'{"prompt": "a", "choices": ["b"]}\n{"prompt": "c", "choices": ["d"]}',
			'questions'
		]
	])('%s is known by what is in it', (name, text, kind) => {
		expect(drop(name, text)).toEqual({ kind, name, text });
	});
	it.each([
		[
			'run.json',
			'{"format": "spanwise/run"}',
			'run.json: the record of a run without its numbers; drop the bundle'
		],
		['x.json', '{"a": 1}', 'x.json: not a plan; expected a text, a plan.json or a .jsonl file'],
		['x.json', '{', 'x.json: not JSON; expected a text'],
		[
			'm.safetensors',
			'x',
			"m.safetensors: a model's file; add the path of its folder under Models"
		],
		['all.tar', 'x', 'all.tar: cannot be opened here; expected a text'],
		['e.txt', ' ', 'e.txt: empty']
	])('%s is refused in one line', (name, text, message) => {
		expect(() => drop(name, text)).toThrow(message);
	});
});
