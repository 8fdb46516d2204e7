import type { ModelFacts, ModelListing } from '$analysis/model/checkpoint/types.ts';
import { formatArchitecture, formatBytes, formatCount } from '$analysis/text/number.ts';
import type { Column, TableValue } from './view.ts';

const fact = (read: (facts: ModelFacts) => TableValue) => (model: ModelListing) =>
	model.facts && read(model.facts);
const number = (format: (value: number) => string) => (value: TableValue) =>
	typeof value === 'number' ? format(value) : '–';

/** Names of the places where models are found; on the screen they stand below the model's name. */
export const ORIGINS: Readonly<Record<ModelListing['origin'], string>> = {
	bundled: 'bundled',
	folder: 'folder',
	cache: 'Hugging Face cache',
	ollama: 'Ollama',
	'llama.cpp': 'llama.cpp'
};

/** Names of the formats in which models are stored. */
export const FORMS: Readonly<Record<ModelListing['form'], string>> = {
	checkpoint: 'checkpoint',
	onnx: 'ONNX',
	gguf: 'GGUF'
};

/** Returns the reason that a model cannot be used, without its path in front, which stands beside it. */
export function problemWords({
	folder,
	problem
}: Pick<ModelListing, 'folder' | 'problem'>): string | null {
	const path = `${folder}: `;
	return problem?.startsWith(path) === true ? problem.slice(path.length) : problem;
}

/** "5", or "5 usable, 1 planned, 2 not". */
export function countWords(models: readonly Pick<ModelListing, 'planned' | 'problem'>[]): string {
	const usable = models.filter(({ problem }) => problem === null).length;
	if (usable === models.length) return `${usable}`;
	const planned = models.filter(
		({ problem, planned }) => problem !== null && planned !== null
	).length;
	const not = models.length - usable - planned;
	const counts = [`${usable} usable`];
	if (planned > 0) counts.push(`${planned} planned`);
	if (not > 0) counts.push(`${not} not`);
	return counts.join(', ');
}

export const modelColumns: readonly Column<ModelListing>[] = [
	{ key: 'name', title: 'Name', value: ({ id }) => id },
	{
		key: 'architecture',
		title: 'Architecture',
		value: fact(({ architecture }) => architecture),
		format: (value) => (typeof value === 'string' ? formatArchitecture(value) : '–')
	},
	{
		key: 'layers',
		title: 'Layers × heads',
		about: 'Layers × attention heads (KV heads)',
		value: fact(({ layers }) => layers),
		format: (value, { facts }) =>
			facts ? `${facts.layers} × ${facts.heads} (${facts.kvHeads} kv)` : '–'
	},
	{
		key: 'parameters',
		title: 'Parameters',
		align: 'right',
		value: fact(({ parameters }) => parameters),
		format: number(formatCount)
	},
	{
		key: 'bytes',
		title: 'Size',
		about: 'Weights on disk',
		align: 'right',
		value: fact(({ bytes }) => bytes),
		format: number(formatBytes)
	},
	{ key: 'dtype', title: 'Dtype', value: fact(({ dtype }) => dtype) },
	{ key: 'form', title: 'Form', value: ({ form }) => FORMS[form], hidden: true },
	{ key: 'origin', title: 'Found in', value: ({ origin }) => ORIGINS[origin], hidden: true },
	{ key: 'folder', title: 'Folder', value: ({ folder }) => folder, hidden: true },
	{ key: 'problem', title: 'Problem', value: ({ problem }) => problem, hidden: true }
];
