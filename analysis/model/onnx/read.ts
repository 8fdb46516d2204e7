import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { checkPlainFile } from '../../edge/json.ts';
import { impostorAt } from '../../edge/impostorAt.ts';
import { InputError, messageOf } from '../../errors.ts';
import { ModelProtoSchema, type GraphProto, type ModelProto } from '../../proto/onnx_pb.ts';
import { withFields } from './copy.ts';
import { findExternalData, type ExternalData } from './external.ts';
import { withoutFunctions } from './functions.ts';
import { withoutCache } from './merged.ts';
import { skimProto } from './skim.ts';

/** Protos of 2 GiB and more are refused by protobuf itself; such weights lie in external data. */
const MAX_PROTO_BYTES = 2 ** 31 - 1;

/** An ONNX model that was read and whose weights were found; weights in external data are not in memory. */
export interface OnnxModel {
	/** Absolute path of the proto, as it was named. */
	file: string;
	/**
	 * As it is in the file, fields unknown to Spanwise included; but for calls of functions of its own, and the graph of
	 * a merged decoder.
	 */
	proto: ModelProto;
	/** True if calls of the model's own functions were replaced by the nodes of these. */
	inlined: boolean;
	/** True if it is a merged decoder; the graph is then its branch without a cache. */
	merged: boolean;
	graph: GraphProto;
	/** Version of the standard operators. */
	opset: number;
	external: ExternalData;
	/** Bytes of the proto and of the files its weights lie in. */
	bytes: number;
}

export interface ReadOptions {
	/** False: weights that lie in the proto are left on disk, as for a model that is described and not run. */
	weights?: boolean;
}

/**
 * Reads an ONNX model's proto and finds its external data. Throws InputError where the file is missing, cut
 * short or of another kind, and where external data is missing or too short.
 */
export async function readOnnx(path: string, options: ReadOptions = {}): Promise<OnnxModel> {
	const file = resolve(path);
	const whole = await readProto(file, options);
	const read = withoutFunctions(whole, file);
	const flat = read.graph === undefined ? null : withoutCache(read.graph);
	const merged = flat !== null;
	const proto = merged ? withFields(ModelProtoSchema, read, { graph: flat }) : read;
	const { graph } = proto;
	if (proto.irVersion === 0n || graph === undefined || proto.opsetImport.length === 0) {
		const lacking = [
			...(proto.irVersion === 0n ? ['ir_version'] : []),
			...(graph === undefined ? ['graph'] : []),
			...(proto.opsetImport.length === 0 ? ['opset_import'] : [])
		];
		throw new InputError(
			`${file}: not an ONNX model, or cut short: without ${lacking.join(', ')}; expected a ModelProto`
		);
	}
	const standard = proto.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
	const external = await findExternalData(file, graph);
	let bytes = 0;
	for (const each of [file, ...new Set(external.files.values())]) bytes += (await stat(each)).size;
	return {
		file,
		proto,
		inlined: read !== whole,
		merged,
		graph,
		opset: Number(standard?.version ?? 1n),
		external,
		bytes
	};
}

async function readProto(file: string, { weights = true }: ReadOptions): Promise<ModelProto> {
	await checkFile(file);
	const whole = weights ? await readBytes(file) : null;
	try {
		return fromBinary(ModelProtoSchema, whole ?? (await skimProto(file)));
	} catch (error) {
		const impostor = await impostorAt(file);
		throw new InputError(
			impostor === null
				? `${file}: cannot be read as an ONNX model: ${messageOf(error)}; it is cut short or of another kind`
				: `${file}: ${impostor}`,
			{ cause: error }
		);
	}
}

async function checkFile(file: string): Promise<void> {
	try {
		await checkPlainFile(file);
		const { size } = await stat(file);
		if (size > MAX_PROTO_BYTES) {
			throw new InputError(`${file}: ${size} bytes; an ONNX proto has at most ${MAX_PROTO_BYTES}`);
		}
	} catch (error) {
		throw unreadable(file, error);
	}
}

async function readBytes(file: string): Promise<Uint8Array> {
	try {
		return await readFile(file);
	} catch (error) {
		throw unreadable(file, error);
	}
}

function unreadable(file: string, error: unknown): InputError {
	if (error instanceof InputError) return error;
	return new InputError(`${file}: cannot be read: ${messageOf(error)}`, { cause: error });
}
