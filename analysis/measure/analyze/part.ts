/** Files of the part that one shard of an analysis captured, and the capture of all shards put together. */
import * as v from 'valibot';
import type { Captured } from '../../engine/captureSums.ts';
import { ONNX_DTYPES } from '../../engine/onnxDevices.ts';
import type { EnginePath } from '../../engine/path.ts';
import { parseJson } from '../../edge/parseJson.ts';
import { parseUntrusted } from '../../edge/parse.ts';
import { InputError } from '../../errors.ts';
import { addSums, checkSums } from '../../similarity/sums.ts';
import { VIEWS, type View, type ViewSums } from '../../similarity/types.ts';
import type { FolderFile } from '../../workspace/wholeFolder.ts';
import { elementsOf, partFile, partShape, PARTS } from '../../workspace/run/sumsFiles.ts';
import type { Part } from '../shards/parts.ts';
import { shardWords } from '../shards/shard.ts';

/** Results of the windows and probes of a shard, or of all shards. */
export interface Captures {
	/** null: the shard has no window. */
	captured: Captured | null;
	windows: number;
	/** Tokens whose losses are in the mean. */
	scored: number;
	/** Over so many probes; null: none. */
	recall: { loss: number; induction: number[][]; windows: number } | null;
	path: EnginePath;
	seconds: number;
	peakRssBytes: number;
}

const FILE = 'captured.json';
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const numbers = v.array(v.number());

const schema = v.object({
	windows: count,
	scored: count,
	/** null: no window. */
	captured: v.nullable(
		v.object({
			profile: v.object({
				queriesPerWindow: count,
				entropyNats: numbers,
				firstTokenMass: numbers
			}),
			loss: v.number(),
			seen: v.nullable(v.object({ reach: v.array(v.nullable(count)), notes: v.array(v.string()) })),
			chosen: v.exactOptional(
				v.object({
					device: v.picklist(['cpu', 'webgpu']),
					dtype: v.exactOptional(v.picklist(ONNX_DTYPES)),
					why: v.nullable(v.string())
				})
			),
			views: v.array(v.picklist(VIEWS)),
			layers: count,
			heads: count
		})
	),
	recall: v.nullable(v.object({ loss: v.number(), induction: v.array(numbers), windows: count })),
	path: v.object({
		path: v.picklist(['resident', 'streamed', 'chunked']),
		device: v.string(),
		dtype: v.picklist(['float32', 'bfloat16', 'float16'])
	}),
	seconds: v.number(),
	peakRssBytes: count
});

/** The files of a shard's part. */
export function partFiles({ captured, ...rest }: Captures): FolderFile[] {
	const { sums = [], ...other } = captured ?? {};
	const json = {
		...rest,
		captured: captured && {
			...other,
			views: sums.map(({ view }) => view),
			layers: sums[0].layers,
			heads: sums[0].heads
		}
	};
	const files = sums.flatMap((view) =>
		PARTS.flatMap((part) => {
			const values = view[part];
			if (values === null) return [];
			const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
			return [{ file: partFile(view.view, part), bytes }];
		})
	);
	return [{ file: FILE, bytes: Buffer.from(JSON.stringify(json)) }, ...files];
}

/** Reads the captures of a shard. Throws InputError where a file is not what was written. */
async function readPart(part: Part): Promise<Captures> {
	const where = `${shardWords(part.shard)}: ${FILE}`;
	const text = (await part.read(FILE)).toString();
	const { captured, ...rest } = parseUntrusted(schema, parseJson(text, where), where);
	if (captured === null) return { ...rest, captured };
	const { views, layers, heads, ...other } = captured;
	const sums: ViewSums[] = [];
	for (const view of views) sums.push(await readSums(part, view, rest.windows, { layers, heads }));
	return { ...rest, captured: { ...other, sums } };
}

async function readSums(
	part: Part,
	view: View,
	windowCount: number,
	sizes: { layers: number; heads: number }
): Promise<ViewSums> {
	const none = { gram: null, sqrt: null, null: null, windows: null, js: null };
	const sums: ViewSums = { view, windowCount, ...sizes, ...none };
	for (const each of PARTS) {
		const file = partFile(view, each);
		if (!part.has(file)) continue;
		const bytes = await part.read(file);
		const expected = 8 * elementsOf(partShape(each, { ...sizes, windowCount }));
		if (bytes.byteLength !== expected)
			throw new InputError(
				`${shardWords(part.shard)}: ${file}: ${bytes.byteLength} bytes; expected ${expected}`
			);
		sums[each] = new Float64Array(Uint8Array.from(bytes).buffer);
	}
	checkSums(sums);
	return sums;
}

/**
 * Puts the parts of all shards together, in their order: sums add up, and means are weighted by what they are over. Throws
 * InputError where a file is not what was written.
 */
export async function mergedCaptures(
	parts: readonly Part[]
): Promise<Captures & { shards: number; paths: { shard: number; path: EnginePath }[] }> {
	const all: Captures[] = [];
	for (const part of parts) all.push(await readPart(part));
	const ran = all.flatMap(({ captured, windows, scored }) =>
		captured === null ? [] : [{ captured, windows, scored }]
	);
	const recalled = all.flatMap(({ recall }) => recall ?? []);
	const total = (of: (each: Captures) => number) => all.reduce((sum, each) => sum + of(each), 0);
	return {
		captured: ran.length === 0 ? null : added(ran),
		windows: total(({ windows }) => windows),
		scored: total(({ scored }) => scored),
		recall:
			recalled.length === 0
				? null
				: {
						loss: weighted(recalled, ({ loss }) => loss),
						induction: recalled[0].induction.map((heads, layer) =>
							heads.map((_, head) => weighted(recalled, ({ induction }) => induction[layer][head]))
						),
						windows: recalled.reduce((sum, { windows }) => sum + windows, 0)
					},
		path: (all.find(({ captured }) => captured !== null) ?? all[0]).path,
		/** Of each shard that had windows. */
		paths: all.flatMap(({ captured, path }, at) =>
			captured === null ? [] : [{ shard: parts[at].shard.index, path }]
		),
		seconds: total(({ seconds }) => seconds),
		peakRssBytes: Math.max(...all.map(({ peakRssBytes }) => peakRssBytes)),
		shards: parts.length
	};
}

function added(ran: readonly { captured: Captured; windows: number; scored: number }[]): Captured {
	const [first] = ran;
	const profile = (of: 'entropyNats' | 'firstTokenMass') =>
		first.captured.profile[of].map((_, layer) =>
			weighted(ran, ({ captured }) => captured.profile[of][layer])
		);
	const byTokens = ran.map(({ captured, scored }) => ({ captured, windows: scored }));
	return {
		...first.captured,
		sums: first.captured.sums.map((_, view) =>
			ran.map(({ captured }) => captured.sums[view]).reduce(addSums)
		),
		profile: {
			...first.captured.profile,
			entropyNats: profile('entropyNats'),
			firstTokenMass: profile('firstTokenMass')
		},
		loss: weighted(byTokens, ({ captured }) => captured.loss)
	};
}

/** A mean over all windows, of means over those of each shard. */
function weighted<Each extends { windows: number }>(
	all: readonly Each[],
	of: (each: Each) => number
): number {
	const windows = all.reduce((sum, each) => sum + each.windows, 0);
	return all.reduce((sum, each) => sum + each.windows * of(each), 0) / windows;
}
