import { quoted } from '../../edge/quote.ts';
import { InputError } from '../../errors.ts';
import { modelTensorNames } from './expected.ts';
import { expertWeights } from './experts.ts';
import { familyOf } from './families.ts';
import { expectedTensors, fusedWeights } from './fused.ts';
import { OwnEngineRefusal } from './ownEngineRefusal.ts';
import { isWeightDtype, WEIGHT_DTYPES } from './widen.ts';
import type { ModelConfig, TensorEntry } from './types.ts';

/** Checkpoint whose tensors have the names that the engine knows them by. */
interface Named {
	config: ModelConfig;
	tensors: Map<string, TensorEntry>;
	parts: Map<string, TensorEntry>;
	/** Bytes of all tensors. */
	bytes: number;
	/** Elements of all tensors of weights. */
	parameters: number;
	notes: string[];
}

/** Buffers that older versions of transformers stored and that are computed. */
export const COMPUTED =
	/(^|\.)(rotary_emb\.inv_freq|attn\.(masked_)?bias|attention\.(masked_)?bias)$/;

/**
 * Gives the tensors of a checkpoint the names that transformers loads them under, and checks those that the engine
 * reads. A base model's names lack `model.` (or what its family has there). Of tied embeddings one may be missing, whichever it is; where both are
 * there each is used, whatever config.json says, since they may differ. `stored`: tensors that quantised weights among those found are computed from. Throws InputError that
 * names the tensor.
 */
export function nameTensors(
	found: ReadonlyMap<string, TensorEntry>,
	said: ModelConfig,
	folder: string,
	stored: readonly TensorEntry[] = []
): Named {
	const known = new Set(expectedTensors({ ...said, tied: false }).map(({ name }) => name));
	const { prefix, head: headName } = familyOf(said).tensors;
	const headTensor = `${headName}.weight`;
	const tensors = new Map<string, TensorEntry>();
	for (const entry of found.values()) {
		const prefixed = `${prefix}${entry.name}`;
		const name = known.has(prefixed) ? prefixed : entry.name;
		if (tensors.has(name)) {
			throw new InputError(
				`${entry.file}: ${quoted(entry.name)}: there with and without ${prefix} before its name; expected one of them`
			);
		}
		tensors.set(name, { ...entry, name });
	}
	const notes: string[] = [];
	const { embedding } = modelTensorNames(said);
	const head = tensors.get(headTensor);
	let tied = said.tied;
	if (tied && head !== undefined) {
		if (tensors.has(embedding)) {
			tied = false;
			notes.push(
				`config.json ties the output embedding to the input embedding, but the checkpoint has ${headTensor} of its own: that is used, as transformers 5 does`
			);
		} else {
			tensors.delete(headTensor);
			tensors.set(embedding, { ...head, name: embedding });
		}
	}
	const config = { ...said, tied };
	checkTensors(tensors, config, folder);
	const files = inFiles(tensors, stored);
	const computed = [...tensors].filter(([, { quantised }]) => quantised !== undefined);
	return {
		config: { ...config, dtype: dtypeOf(computed.map(([, entry]) => entry)) ?? config.dtype },
		tensors: files,
		parts: new Map([
			...computed,
			...fusedWeights(config, tensors),
			...expertWeights(config, tensors)
		]),
		parameters: sizes(tensors).parameters,
		bytes: sizes(files).bytes,
		notes: [...notes, ...unusedNotes(tensors, config)]
	};
}

/** The tensors that lie in the files: those that quantised weights are computed from in place of the weights. */
function inFiles(
	tensors: ReadonlyMap<string, TensorEntry>,
	stored: readonly TensorEntry[]
): Map<string, TensorEntry> {
	const plain = [...tensors].filter(([, { quantised }]) => quantised === undefined);
	return new Map([...plain, ...stored.map((entry): [string, TensorEntry] => [entry.name, entry])]);
}

/** Finds the most common type of the quantised weights; null: there are none. */
function dtypeOf(weights: readonly TensorEntry[]): string | null {
	const counts = new Map<string, number>();
	for (const { dtype } of weights) counts.set(dtype, (counts.get(dtype) ?? 0) + 1);
	return [...counts].toSorted((a, b) => b[1] - a[1]).at(0)?.[0] ?? null;
}

/** Bytes of all tensors, and elements of those that are weights. */
export function sizes(tensors: ReadonlyMap<string, TensorEntry>): {
	bytes: number;
	parameters: number;
} {
	let bytes = 0;
	let parameters = 0;
	for (const { byteLength, shape, dtype, quantised } of tensors.values()) {
		bytes += byteLength;
		if (quantised !== undefined || isWeightDtype(dtype))
			parameters += shape.reduce((product, size) => product * size, 1);
	}
	return { bytes, parameters };
}

function checkTensors(
	tensors: ReadonlyMap<string, TensorEntry>,
	config: ModelConfig,
	folder: string
): void {
	const { prefix, layers } = familyOf(config).tensors;
	const layerPrefixes = `${prefix}${layers}.`;
	for (const { name, shape } of expectedTensors(config)) {
		const found = tensors.get(name);
		if (found === undefined) {
			throw new InputError(
				`${folder}: missing tensor ${name}; config.json asks for it, [${shape.join(', ')}]`
			);
		}
		if (found.shape.join() !== shape.join()) {
			throw new InputError(
				`${found.file}: ${name} is [${found.shape.join(', ')}]; ` +
					`expected [${shape.join(', ')}] from config.json`
			);
		}
		if (found.quantised !== undefined) {
			if (!name.startsWith(layerPrefixes)) {
				throw new OwnEngineRefusal(
					found.file,
					`${name} is ${found.dtype}`,
					'of quantised weights those of layers are read, not embeddings'
				);
			}
		} else if (!isWeightDtype(found.dtype)) {
			throw new OwnEngineRefusal(
				found.file,
				`${name} is ${found.dtype}`,
				`weights of ${WEIGHT_DTYPES.join(', ')} are read: convert them`
			);
		}
	}
}

/** As transformers' own report of what it loaded: a layer's weights that are not used hint at a wrong config.json. */
function unusedNotes(tensors: ReadonlyMap<string, TensorEntry>, config: ModelConfig): string[] {
	const used = new Set(expectedTensors({ ...config, shared: null }).map(({ name }) => name));
	const { prefix, layers } = familyOf(config).tensors;
	const unused = [...tensors.values()].filter(
		({ name, dtype }) =>
			name.startsWith(`${prefix}${layers}.`) &&
			isWeightDtype(dtype) &&
			!used.has(name) &&
			!COMPUTED.test(name)
	);
	if (unused.length === 0 || config.shared !== null) return [];
	const count =
		unused.length === 1 ? 'a tensor of a layer is' : `${unused.length} tensors of layers are`;
	return [
		`${count} not used, as in transformers, ${unused.length === 1 ? '' : 'the first '}${quoted(unused[0].name)}: does config.json belong to these weights?`
	];
}
