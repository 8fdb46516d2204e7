import { expect, test } from 'vitest';
import { nearestName } from './nearest.ts';

const KNOWN = ['mini-llama2', 'mini-llama3', 'org/SmolLM2-135M'];

test.each([
	['mini-lama2', 'mini-llama2'],
	['MINI-LLAMA3', 'mini-llama3'],
	['mini-llama', 'mini-llama2'],
	['smollm2-135m', 'org/SmolLM2-135M'],
	['org/SmolLM2-135', 'org/SmolLM2-135M'],
	['llama3', 'mini-llama3']
])('%s is most like %s', (name, nearest) => {
	expect(nearestName(name, KNOWN)).toBe(nearest);
});

test('what is like none of them has no nearest', () => {
	expect(nearestName('gpt2', KNOWN)).toBeNull();
	expect(nearestName('x'.repeat(1_000_000), KNOWN)).toBeNull();
	expect(nearestName('a', [])).toBeNull();
});
