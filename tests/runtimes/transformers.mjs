/**
 * transformers.mjs FOLDER BATCHES COUNT, in a folder with transformers.js in its node_modules: greedy tokens, prompts
 * padded on the left as it does it. Nothing is said of types or files: the folder's config.json does.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const from = createRequire(join(process.cwd(), 'package.json'));
const { AutoModelForCausalLM, Tensor, env } = await import(
	pathToFileURL(from.resolve('@huggingface/transformers')).href
);
env.allowRemoteModels = false;

const [folder, batches, count] = process.argv.slice(2);
const length = { min_new_tokens: Number(count), max_new_tokens: Number(count) };
const model = await AutoModelForCausalLM.from_pretrained(folder, { local_files_only: true });

const found = [];
for (const batch of JSON.parse(batches)) {
	const longest = Math.max(...batch.map((prompt) => prompt.length));
	const rows = (value) =>
		batch.flatMap((prompt) => [...Array(longest - prompt.length).fill(0), ...prompt.map(value)]);
	const tensor = (values) =>
		new Tensor('int64', BigInt64Array.from(values, BigInt), [batch.length, longest]);
	const { data, dims } = await model.generate({
		input_ids: tensor(rows((id) => id)),
		attention_mask: tensor(rows(() => 1)),
		do_sample: false,
		...length
	});
	const ids = [...data].map(Number);
	found.push(batch.map((_, at) => ids.slice(at * dims[1] + longest, (at + 1) * dims[1])));
}
console.log(JSON.stringify(found));
