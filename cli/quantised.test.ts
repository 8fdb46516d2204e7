import { expect, it } from 'vitest';
import { runCommand } from '../tests/builders/command.ts';

it('inspect says how the weights of a checkpoint are quantised, and how they are computed', async () => {
	const { code, stdout, stderr } = await runCommand(['inspect', 'tests/fixtures/quantised/gptq']);
	expect(code, stderr).toBe(0);
	expect(stdout).toMatch(/^weights +21\.7.k, int4 \(GPTQ\), [\d.]+.kB$/m);
	expect(stderr).toContain(
		'note: 14 matrices are int4 (GPTQ): they are computed in float32 as they are read; activations are not quantised'
	);
});
