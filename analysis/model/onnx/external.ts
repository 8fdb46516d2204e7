import { realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, sep } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { impostorAt } from '../../edge/impostorAt.ts';
import { brokenLink } from '../../edge/links.ts';
import { InputError } from '../../errors.ts';
import {
	StringStringEntryProtoSchema,
	TensorProto_DataLocation as DataLocation,
	TensorProtoSchema,
	type GraphProto,
	type TensorProto
} from '../../proto/onnx_pb.ts';
import { withFields } from './copy.ts';
import { tensorBytes } from './tensors.ts';

/** The files that hold a model's weights besides its proto. */
export interface ExternalData {
	/** A folder that all of them lie in, links resolved; null: there are none. */
	root: string | null;
	/** By the location that tensors name: the file's path, links resolved. */
	files: ReadonlyMap<string, string>;
}

/**
 * Finds the external data of a model and makes sure that every tensor's bytes are there. Locations are
 * relative to the model's folder; links are followed, because in the Hugging Face cache all files are links.
 * Throws InputError for a location outside the folder, a file that is missing, and one that is too short.
 */
export async function findExternalData(file: string, graph: GraphProto): Promise<ExternalData> {
	const folder = dirname(file);
	const files = new Map<string, string>();
	const sizes = new Map<string, number>();
	for (const tensor of graph.initializer) {
		if (!isExternal(tensor)) continue;
		const { location, offset, length } = placeOf(tensor, file);
		if (!files.has(location)) {
			const path = join(folder, location);
			const found = await stat(path).catch(() => null);
			if (found === null || !found.isFile()) {
				const broken = await brokenLink(path);
				if (broken !== null) throw new InputError(`${path}: ${broken}`);
				throw new InputError(
					`${file}: missing external data ${location}, which ${tensor.name} and others lie in; expected ${path}`
				);
			}
			files.set(location, await realpath(path));
			sizes.set(location, found.size);
		}
		const size = sizes.get(location) ?? 0;
		if (offset + length > size) {
			const impostor = await impostorAt(join(folder, location));
			if (impostor !== null) throw new InputError(`${join(folder, location)}: ${impostor}`);
			throw new InputError(
				`${join(folder, location)}: ${size} bytes; expected at least ${offset + length}, up to which ${tensor.name} reaches: the file was cut short`
			);
		}
	}
	return { root: commonFolder([...files.values()]), files };
}

/** Initializers whose locations are relative to the root that all external data lies in. */
export function relocated(
	initializers: readonly TensorProto[],
	{ root, files }: ExternalData
): TensorProto[] {
	return initializers.map((tensor) => {
		if (root === null || !isExternal(tensor)) return tensor;
		const externalData = tensor.externalData.map((entry) => {
			const path = entry.key === 'location' ? files.get(entry.value) : undefined;
			if (path === undefined) return entry;
			const value = relative(root, path).split(sep).join('/');
			return create(StringStringEntryProtoSchema, { key: entry.key, value });
		});
		return withFields(TensorProtoSchema, tensor, { externalData });
	});
}

export function isExternal(tensor: TensorProto): boolean {
	return tensor.dataLocation === DataLocation.EXTERNAL;
}

/** Finds the file, offset and length (bytes) of a tensor's data; the tensor's own length if the proto gives none. */
export function placeOf(
	tensor: TensorProto,
	file: string
): { location: string; offset: number; length: number } {
	const said = new Map(tensor.externalData.map(({ key, value }) => [key, value]));
	const location = said.get('location') ?? '';
	const outside = isAbsolute(location) || location.split(/[/\\]/).includes('..');
	if (location === '' || outside) {
		throw new InputError(
			`${file}: ${tensor.name}: its data lies in ${JSON.stringify(location)}; expected a file in the model's folder`
		);
	}
	const offset = Number(said.get('offset') ?? 0);
	const length = Number(said.get('length') ?? tensorBytes(tensor));
	if (!Number.isSafeInteger(offset) || !Number.isSafeInteger(length) || offset < 0 || length < 0) {
		throw new InputError(
			`${file}: ${tensor.name}: offset ${said.get('offset') ?? 0} and length ${said.get('length') ?? 'unsaid'} of its data are no numbers of bytes`
		);
	}
	return { location, offset, length };
}

/** The deepest folder that holds all files; null: no files. */
function commonFolder(paths: readonly string[]): string | null {
	if (paths.length === 0) return null;
	let folder = dirname(paths[0]);
	const holds = (path: string): boolean =>
		path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
	while (!paths.every(holds)) folder = dirname(folder);
	return folder;
}
