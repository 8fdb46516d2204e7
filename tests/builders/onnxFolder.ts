import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import {
	StringStringEntryProtoSchema,
	TensorProto_DataLocation as DataLocation,
	type ModelProto
} from '../../analysis/proto/onnx_pb.ts';
import { HEADS, HIDDEN, onnxBytes } from './cachedOnnx.ts';

/** Weights of fewer bytes stay in the proto. */
const SMALL_BYTES = 100;
/** Bytes between weights, as other exporters leave them: no multiple of a page. */
const GAP_BYTES = 24;

/**
 * Writes a model as others lay it out: model.onnx, its weights in `dataFiles` files of external data, config.json and
 * tokenizer.json beside them. `linked`: all of them are links into a folder of blobs. Returns the path of the proto.
 */
export async function writeOnnxFolder(
	folder: string,
	proto: ModelProto,
	{ dataFiles = 1, linked = false }: { dataFiles?: number; linked?: boolean } = {}
): Promise<string> {
	const pieces = Array.from({ length: dataFiles }, (): Uint8Array[] => []);
	for (const [at, tensor] of (proto.graph?.initializer ?? []).entries()) {
		if (dataFiles === 0 || tensor.rawData.length < SMALL_BYTES) continue;
		const file = pieces[at % dataFiles];
		const offset = file.reduce((bytes, piece) => bytes + piece.length, 0);
		file.push(tensor.rawData, new Uint8Array(GAP_BYTES));
		const place = {
			location: dataName(at % dataFiles),
			offset: String(offset),
			length: String(tensor.rawData.length)
		};
		tensor.externalData = Object.entries(place).map(([key, value]) =>
			create(StringStringEntryProtoSchema, { key, value })
		);
		tensor.dataLocation = DataLocation.EXTERNAL;
		tensor.rawData = new Uint8Array();
	}
	await mkdir(folder, { recursive: true });
	const files: [string, Uint8Array | string][] = [
		['model.onnx', onnxBytes(proto)],
		...pieces.map((piece, at): [string, Uint8Array] => [dataName(at), Buffer.concat(piece)]),
		['config.json', JSON.stringify({ model_type: 'llama', num_hidden_layers: 4 })],
		['tokenizer.json', '{}'],
		['genai_config.json', JSON.stringify({ search: { past_present_share_buffer: true } })]
	];
	for (const [name, content] of files) {
		if (!linked) await writeFile(join(folder, name), content);
		else {
			const blobs = join(folder, '..', 'blobs');
			await mkdir(blobs, { recursive: true });
			await writeFile(join(blobs, `blob-of-${name}`), content);
			await symlink(join('..', 'blobs', `blob-of-${name}`), join(folder, name));
		}
	}
	return join(folder, 'model.onnx');
}

/** The same of a model of `cachedOnnx`, with its sizes in config.json and a tokenizer, so that texts can be run. */
export async function writeRunnableOnnx(
	folder: string,
	proto: ModelProto,
	tokenizer: object
): Promise<string> {
	const file = await writeOnnxFolder(folder, proto);
	const config = {
		num_hidden_layers: 4,
		num_attention_heads: HEADS,
		hidden_size: HIDDEN,
		intermediate_size: 96
	};
	await writeFile(join(folder, 'config.json'), JSON.stringify(config));
	await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
	return file;
}

function dataName(at: number): string {
	return at === 0 ? 'model.onnx_data' : `model.onnx_data_${at}`;
}
