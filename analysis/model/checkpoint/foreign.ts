import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { impostorAt } from '../../edge/impostorAt.ts';
import { readJsonFile } from '../../edge/json.ts';
import { parseOrNull } from '../../edge/parse.ts';
import { quoted } from '../../edge/quote.ts';
import { children } from './cache.ts';
import { exists } from './files.ts';

/** More names than this make a message no clearer. */
const MAX_NAMED = 5;

const UNNAMED = 'expected model.safetensors, or model.safetensors.index.json that names the files';

/** Files of other formats, and what to do with a folder that has them in place of weights that can be read. */
const FORMATS: { names: RegExp; advice: string }[] = [
	{
		names: /\.gguf$/i,
		advice: 'a model in GGUF is opened by the path of its file'
	},
	{
		names: /^(pytorch_model.*\.bin|pytorch_model\.bin\.index\.json|.*\.pth|.*\.pt)$/i,
		advice:
			"weights in PyTorch's own format, which is not read; save them as safetensors: " +
			'AutoModelForCausalLM.from_pretrained(FOLDER).save_pretrained(NEW_FOLDER)'
	},
	{
		names: /^(tf_model.*\.h5|flax_model.*\.msgpack|.*\.ckpt|model\.ckpt.*)$/i,
		advice:
			'weights of TensorFlow or Flax, which are not read; save the model as safetensors with transformers'
	},
	{
		names: /\.safetensors$/i,
		advice: UNNAMED
	}
];

/**
 * Describes a folder that cannot be opened as a checkpoint, and the remedy, in words that follow its path. Returns null
 * if nothing in it tells.
 */
export async function describeFolder(folder: string): Promise<string | null> {
	const names = await children(folder);
	if (names.length === 0)
		return 'an empty folder: no config.json; expected a model folder in Hugging Face layout';
	if (names.includes('adapter_config.json')) return adapter(folder);
	if (names.includes('run.json') && !names.includes('config.json')) {
		return 'a run, not a model; expected the folder of the model that it was made from';
	}
	if (names.includes('snapshots') && basename(folder).startsWith('models--')) {
		const name = basename(folder).slice('models--'.length).replaceAll('--', '/');
		return `a folder of the Hugging Face cache; name the model, ${quoted(name)}, or one of the folders in snapshots`;
	}
	for (const { names: pattern, advice } of FORMATS) {
		const found = names.filter((name) => pattern.test(name));
		if (found.length > 0 && (advice !== UNNAMED || names.includes('config.json')))
			return `it has ${listed(found)}: ${advice}`;
	}
	if (await isUnfinishedDownload(folder)) {
		return 'its download did not finish: run it again';
	}
	const models: string[] = [];
	for (const name of names.slice(0, 1000)) {
		if (await exists(join(folder, name, 'config.json'))) models.push(name);
	}
	return models.length === 0 ? null : `a folder of models; name one of them: ${listed(models)}`;
}

/** Describes a file that was named as a model, in words that follow its path. */
export async function describeFile(file: string): Promise<string> {
	const impostor = await impostorAt(file);
	if (impostor !== null) return impostor;
	if (/\.(safetensors|json)$/.test(file)) {
		return `a file; name the folder that it lies in, ${quoted(dirname(file))}`;
	}
	const format = FORMATS.find(({ names }) => names.test(basename(file)));
	return (
		format?.advice ?? 'a file; expected a model folder in Hugging Face layout, or an .onnx file'
	);
}

async function adapter(folder: string): Promise<string> {
	const json = await readJsonFile(join(folder, 'adapter_config.json')).catch(() => null);
	const base = parseOrNull(v.object({ base_model_name_or_path: v.string() }), json);
	const of = base === null ? '' : ` for ${quoted(base.base_model_name_or_path)}`;
	return (
		`a PEFT adapter${of}, not a whole model; merge it into its base model ` +
		'(model.merge_and_unload().save_pretrained(NEW_FOLDER)) and use that folder'
	);
}

/** Returns true if a snapshot's repository in the Hugging Face cache has files that are only partly downloaded. */
async function isUnfinishedDownload(folder: string): Promise<boolean> {
	if (basename(dirname(folder)) !== 'snapshots') return false;
	const blobs = await children(join(dirname(dirname(folder)), 'blobs'));
	return blobs.some((name) => name.endsWith('.incomplete'));
}

function listed(names: readonly string[]): string {
	const shown = names.slice(0, MAX_NAMED).map((name) => quoted(name, 80));
	const more = names.length - shown.length;
	return more === 0 ? shown.join(', ') : `${shown.join(', ')} and ${more} more`;
}
