import { mkdir, writeFile } from 'node:fs/promises';
import { basename, dirname, extname, join, sep } from 'node:path';
import { toBinary } from '@bufbuild/protobuf';
import { writableAttention } from '../engine/plannedOnnx.ts';
import { InputError } from '../errors.ts';
import { GraphProtoSchema, ModelProtoSchema, type ModelProto } from '../proto/onnx_pb.ts';
import { withFields } from '../model/onnx/copy.ts';
import type { FoundOnnx } from '../model/onnx/open.ts';
import type { OnnxFileModel } from '../model/open.ts';
import { pairCaches } from '../rewrite/pairCaches.ts';
import { layerCache } from '../rewrite/shareCache.ts';
import type { SharedModel } from '../rewrite/share.ts';
import { SUBFOLDER } from '../model/onnx/locate.ts';
import { RECORD_FILE } from '../model/onnx/writtenPlan.ts';
import { planMatches } from '../plan/planFile.ts';
import { checkNewFolder, writeModelFolder } from '../workspace/wholeFolder.ts';
import type { Deployed, DeployStage } from './deploy.ts';
import { copyOnnxCompanions } from './onnxModelFiles.ts';
import { verifyOnnxModel } from './onnxModelVerify.ts';
import { writeExternalWeights } from './onnxModelWeights.ts';
import { recordOf } from './record.ts';
import { requireOnnx } from './targets.ts';
import type { DeployRequest } from './types.ts';

/**
 * Writes an ONNX model with a plan applied, whole or not at all: its proto rewritten, the weights it still uses in one
 * file, what belongs to it copied. The model itself is only read. Unless told otherwise, what was written is run and
 * compared; nothing is left where it disagrees. Throws InputError for that, and for what is at fault.
 */
export async function deployOnnxModel(
	opened: OnnxFileModel,
	request: DeployRequest,
	onProgress: (stage: DeployStage, fraction: number) => void
): Promise<Deployed> {
	const { path: file } = opened;
	checkRequest(file, request);
	const model = await opened.whole();
	const { name, layers } = model;
	const { plan } = request;
	const { planned, shared } = writableAttention(model, plan, { verified: request.verify });
	await checkNewFolder(request.out);
	return writeModelFolder(request.out, request.home, async (folder) => {
		onProgress('writing', 0);
		const written = await write(folder, model, shared, planned.sources, (fraction) =>
			onProgress('writing', fraction)
		);
		const { names } = written;
		const changed = planned.sources.some((source, layer) => source !== layer);
		const beside = { written: names[0].replaceAll(sep, '/'), shared: changed };
		names.push(...(await copyOnnxCompanions(file, folder, beside)));
		if (request.verify) onProgress('verifying', 0);
		const verified = request.verify ? await verifyOnnxModel(model, written, planned) : null;
		onProgress('hashing', 0);
		const hash = await opened.hash(request.home);
		const architecture = model.config?.architecture ?? 'ONNX';
		const facts = { name, architecture, layers: layers.length };
		const byLength = layers.some(({ form }) => form === 'GroupQueryAttention');
		const padding = byLength ? ('right' as const) : ('as exported' as const);
		const { sources } = planned;
		const made = { model: facts, hash, sources, padding, verified, transformers: null };
		const record = await recordOf(folder, names, request, made);
		await writeFile(join(folder, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
		const warning = plan === null ? null : planMatches(plan, { ...facts, hash });
		return { record, warning, notes: shared.notes };
	});
}

function checkRequest(file: string, { target, dtype }: DeployRequest): void {
	requireOnnx(file, target);
	if (dtype !== null) {
		throw new InputError(
			`${file}: --dtype does not apply to ONNX models, which keep their dtypes; remove it`
		);
	}
}

/** Writes proto and weights; the proto as written, the folder that its weights lie in, and the names of the files. */
async function write(
	folder: string,
	{ onnx, view, layers }: FoundOnnx,
	{ proto, cuts }: SharedModel,
	sources: readonly (number | null)[],
	onProgress: (fraction: number) => void
): Promise<{ proto: ModelProto; folder: string; names: string[] }> {
	const { graph } = proto;
	if (graph === undefined) throw new Error(`${onnx.file}: its graph vanished`);
	const name = basename(onnx.file);
	// Where config.json lies one folder up, as transformers.js has it, it is to lie there again.
	const place = basename(dirname(onnx.file)) === SUBFOLDER ? SUBFOLDER : '';
	await mkdir(join(folder, place), { recursive: true });
	const location = dataName(name, [...onnx.external.files.keys()]);
	const initializer = await writeExternalWeights(
		graph.initializer,
		cuts,
		onnx,
		{ path: join(folder, place, location), location },
		onProgress
	);
	const written = withFields(ModelProtoSchema, proto, {
		graph: pairCaches(
			withFields(GraphProtoSchema, graph, { initializer }),
			layers.map((layer) => layerCache(view, layer)),
			sources
		)
	});
	await writeFile(join(folder, place, name), toBinary(ModelProtoSchema, written));
	const external = onnx.external.files.size > 0;
	const names = [name, ...(external ? [location] : [])].map((each) => join(place, each));
	return { proto: written, folder: join(folder, place), names };
}

/** The name that the model's one file of weights had, which programs may go by; else a name of its own. */
function dataName(name: string, locations: readonly string[]): string {
	const [only] = locations;
	const keeps =
		locations.length === 1 && only === basename(only) && extname(only) !== '.safetensors';
	return keeps ? only : `${name}.data`;
}
