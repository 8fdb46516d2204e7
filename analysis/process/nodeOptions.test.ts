import { expect, it } from 'vitest';
import { nodeOptions } from './nodeOptions.ts';

it('lets stacks name the sources, and waits for a debugger on the port that is set', () => {
	expect(nodeOptions({})).toEqual(['--enable-source-maps']);
	expect(nodeOptions({ SPANWISE_INSPECT: '' })).toEqual(['--enable-source-maps']);
	expect(nodeOptions({ SPANWISE_INSPECT: '9229' })).toEqual([
		'--enable-source-maps',
		'--inspect-wait=127.0.0.1:9229'
	]);
});
it.each(['0', '70000', 'on', '0.0.0.0:9229'])('refuses %s as a port', (port) => {
	expect(() => nodeOptions({ SPANWISE_INSPECT: port })).toThrow(
		`SPANWISE_INSPECT: ${port}; expected a port from 1 to 65535`
	);
});
