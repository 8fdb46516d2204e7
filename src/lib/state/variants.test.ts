import { afterEach, expect, it, vi } from 'vitest';
import { Variants } from './variants.svelte.ts';

const plan = (key: string) => ({ key, sources: [0, 0, null], origin: null });

afterEach(() => vi.unstubAllGlobals());

it('keeps plans under letters, one letter for each, and gives a freed letter again', () => {
	const variants = new Variants('run-1');
	expect(variants.keep(plan('x'))).toBe('A');
	expect(variants.keep(plan('y'))).toBe('B');
	expect(variants.keep(plan('x'))).toBe('A');
	variants.remove('A');
	expect(variants.named('x')).toBeNull();
	expect(variants.next).toBe('A');
	variants.keep(plan('z'));
	expect(variants.list.map(({ name, key }) => name + key)).toEqual(['Az', 'By']);
});

it('keeps them for each run by itself in the browser, and passes over what it does not understand', () => {
	const items = new Map<string, string>();
	vi.stubGlobal('localStorage', {
		getItem: (key: string) => items.get(key) ?? null,
		setItem: (key: string, value: string) => items.set(key, value)
	});
	new Variants('run-1').keep(plan('x'));
	new Variants('run-2').keep(plan('y'));
	const again = new Variants('run-1');
	again.attach();
	expect(again.list).toEqual([{ name: 'A', ...plan('x') }]);
	for (const [key] of items) items.set(key, '{"run-1": [{"name": "A"}]}');
	again.attach();
	expect(again.list).toEqual([]);
});
