import { expect, it } from 'vitest';
import { tabAddress } from './tabAddress.ts';

it.each([
	['damage', '/runs/a%20run?tab=map&damage=it&map=damage'],
	['search', '/runs/a%20run?tab=search&search=it'],
	['bench', '/runs/a%20run?tab=bench&bench=it'],
	['tasks', '/runs/a%20run?tab=evaluate']
])('a result of the kind %s opens at %s', (kind, address) => {
	expect(tabAddress('a run', kind, 'it')).toBe(address);
});
