import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { deploy, planFor } from '../../tests/builders/deployed.ts';

it.each([
	['mixtral', 'MixtralForCausalLM'],
	['gpt_oss', 'GptOssForCausalLM']
])('a planned %s is not written, and the message says what can be', async (name, architecture) => {
	const model = join('tests/fixtures/families', name);
	const plan = await planFor(model, [0, 0, null]);
	const out = join(tmpdir(), 'spanwise-mixture-that-is-never-written');
	await expect(deploy(model, out, { plan, target: 'transformers' })).rejects.toThrow(
		`${name}: ${architecture} is a mixture of experts: it can be analysed and evaluated, but not written; an ONNX export of the model can be rewritten instead`
	);
});
