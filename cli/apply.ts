import { dirname } from 'node:path';
import { Option, type Command } from 'commander';
import { DECODER_DTYPES, type DecoderDtype } from '../analysis/graph/decode/weights.ts';
import { ROUNDED_WEIGHTS, type RoundedWeights } from '../analysis/apply/roundWeights.ts';
import type { Deployed } from '../analysis/apply/deploy.ts';
import { DEPLOY_TARGETS, type DeployRequest, type DeployTarget } from '../analysis/apply/types.ts';
import { applyText } from './applyText.ts';
import { withModel } from '../analysis/model/open.ts';
import { findModel, homeOf } from './found.ts';
import { removeOnInterrupt } from './interrupt.ts';
import { print, printJson, say, type Io } from './io.ts';
import { withSharedOptions, type SharedOptions } from './options.ts';
import { readPlan } from './planFile.ts';
import { pythonOption, usePython } from './python.ts';
import { shellLine } from '../analysis/text/shell.ts';

const HELP = `
Writes a complete model that runs without Spanwise. onnx: a decoder with KV cache for onnxruntime, weights beside
it in one file, config, tokenizer and genai_config.json copied or made. Followers have no q and k projection and no
keys in the cache. transformers, or safetensors, another name for it: a Hugging Face checkpoint without the tensors
that the plan makes idle, the code that AutoModelForCausalLM.from_pretrained(…, trust_remote_code=True) runs it by, and
a model card (README.md). gguf: one file for llama.cpp and Ollama, of plans that only drop layers, from a checkpoint or
from a GGUF file, whose quantised weights are kept. Without --plan: the baseline model, onnx only.
Of an ONNX model, an .onnx file or a folder with one, followers and dropped layers are rewritten; all else stays
byte for byte, types included, and only the weights that are still used are written.
--weights int8 or int4: products get weights of 8 or 4 bits in blocks of 32 (MatMulNBits, onnxruntime's own quantizer), after the
decoder was compared; embeddings, output, activations and cache stay float32. What rounding does to a loss is said.
What was written is run on a short window and compared with the engine, or with the ONNX model it was made from;
where they disagree nothing is left. What is written for transformers is also loaded and run by it, where --python has it.
spanwise.json holds plan, hashes and what the comparison found.

Example (plan.json: made by the example of spanwise plan):
  spanwise apply mini-llama2 --plan plan.json --out shared-model`;

interface ApplyFlags extends SharedOptions {
	plan?: string;
	out: string;
	dtype?: DecoderDtype;
	weights?: RoundedWeights;
	to: DeployTarget | typeof ALIAS;
	python?: string;
	verify: boolean;
}

/** Another name of the transformers target. */
const ALIAS = 'safetensors';

export function registerApply(program: Command, io: Io): void {
	withSharedOptions(
		program
			.command('apply')
			.description('write a model with a plan applied')
			.argument('<model>', 'folder or name of a model, or an ONNX file')
			.requiredOption('--out <folder>', 'folder to write: new or empty')
			.option('--plan <file>', 'a plan.json (default: none, the baseline model)')
			.addOption(
				new Option(
					'--dtype <type>',
					'of weights, activations and cache; onnx only (default: fp32)'
				).choices(DECODER_DTYPES)
			)
			.addOption(
				new Option(
					'--weights <type>',
					'round the weights of products; onnx only, by a Python with onnxruntime and onnx'
				).choices(ROUNDED_WEIGHTS)
			)
			.addOption(
				new Option('--to <form>', 'what to write')
					.choices([...DEPLOY_TARGETS, ALIAS])
					.default('onnx')
			)
			.option('--no-verify', 'write without comparing with the engine')
			.addOption(pythonOption('that has transformers, or onnxruntime and onnx for --weights')),
		'print what was written as JSON'
	)
		.addHelpText('after', HELP)
		.action(async (model: string, flags: ApplyFlags) => {
			usePython(flags.python);
			const plan = flags.plan === undefined ? null : await readPlan(flags.plan);
			const deployed = await withProgress(
				await findModel(model, flags, io),
				{
					plan,
					planFolder: dirname(flags.plan ?? '.'),
					target: flags.to === ALIAS ? 'transformers' : flags.to,
					dtype: flags.dtype ?? null,
					weights: flags.weights ?? null,
					out: flags.out,
					verify: flags.verify,
					home: homeOf(flags, io),
					command: commandOf(model, flags)
				},
				io
			);
			if (deployed.warning !== null) say(io, `warning: ${deployed.warning}`);
			for (const note of deployed.notes) say(io, `note: ${note}`);
			if (flags.json) printJson(io, deployed.record);
			else print(io, applyText(deployed.record, flags.out));
		});
}

/** The command that writes the same again. */
function commandOf(
	model: string,
	{ plan, out, dtype, weights, to, verify, models = [] }: ApplyFlags
): string {
	return shellLine([
		...['spanwise', 'apply', model],
		...(plan === undefined ? [] : ['--plan', plan]),
		...['--to', to === ALIAS ? 'transformers' : to],
		...(dtype === undefined ? [] : ['--dtype', dtype]),
		...(weights === undefined ? [] : ['--weights', weights]),
		...['--out', out],
		...(verify ? [] : ['--no-verify']),
		...models.flatMap((folder) => ['--models', folder])
	]);
}

/** Talk between steps: each is said once when it begins. */
async function withProgress(path: string, request: DeployRequest, io: Io): Promise<Deployed> {
	const { deployModel } = await import('../analysis/apply/deploy.ts');
	let said = '';
	const stop = removeOnInterrupt(request.out, () => say(io, 'stopped; nothing was written'));
	try {
		return await withModel(path, (model) =>
			deployModel(model, request, (stage) => {
				if (stage !== said) say(io, `${stage} ${request.out}`);
				said = stage;
			})
		);
	} finally {
		stop();
	}
}
