import { expect, it } from 'vitest';
import { reference } from './reference.ts';

it('docs/reference.md is the help of every command; npm run reference writes it', async () => {
	const text = reference();
	for (const name of ['models', 'analyze', 'plan', 'evaluate', 'search', 'apply', 'serve']) {
		expect(text).toContain(`\n## spanwise ${name}\n`);
	}
	await expect(text).toMatchFileSnapshot('../docs/reference.md');
});
