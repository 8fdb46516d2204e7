import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedOnnx, FORMS, VOCAB } from '../../../tests/builders/cachedOnnx.ts';
import { halved } from '../../../tests/builders/halfOnnx.ts';
import { writeOnnxFolder } from '../../../tests/builders/onnxFolder.ts';
import { DecoderSession } from '../../engine/deploySession.ts';
import { ModelProtoSchema, type ModelProto } from '../../proto/onnx_pb.ts';
import { GraphBuilder, INT32, INT64 } from '../../proto/builder.ts';
import { onnxFacts } from '../../model/onnx/facts.ts';
import { findOnnx } from '../../model/onnx/open.ts';
import { onnxDecoderNames, ownFile } from './benchOnnx.ts';
import { largestDifference } from '../../apply/verify.ts';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-bench-onnx-'));
});
afterAll(() => rm(scratch, { recursive: true }));

async function opened(name: string, proto: ModelProto): Promise<DecoderSession> {
	const file = await writeOnnxFolder(join(scratch, name), proto);
	const found = await findOnnx(file, { weights: false });
	const facts = onnxFacts(found);
	const { names } = onnxDecoderNames(found, facts, 1);
	const own = await ownFile({ file, names }, join(scratch, name));
	return DecoderSession.open(own.file, own);
}

const idsFrom = (start: number) => Array.from({ length: 10 }, (_, at) => (start + 7 * at) % VOCAB);
const IDS = [idsFrom(1), idsFrom(20)];

describe("a user's ONNX decoder, run as it is deployed", () => {
	it.each(FORMS)(
		'reads sequences together as it does alone, and in steps as at once: %s',
		async (form) => {
			const session = await opened(form, cachedOnnx({ form }));
			const both = await session.read(session.start(2), IDS);
			const alone = [
				...(await session.read(session.start(1), [IDS[0]])),
				...(await session.read(session.start(1), [IDS[1]]))
			];
			expect(largestDifference(both, Float32Array.from(alone))).toBeLessThan(1e-5);

			const state = session.start(2);
			await session.read(
				state,
				IDS.map((ids) => ids.slice(0, 9))
			);
			const last = await session.read(
				state,
				IDS.map((ids) => ids.slice(9))
			);
			const expected = [both.subarray(9 * VOCAB, 10 * VOCAB), both.subarray(19 * VOCAB)];
			const flat = Float32Array.from(expected.flatMap((row) => [...row]));
			expect(largestDifference(last, flat)).toBeLessThan(1e-5);
			const lasts = await session.readLast(session.start(2), IDS);
			expect(lasts).toEqual([both.slice(9 * VOCAB, 10 * VOCAB), both.slice(19 * VOCAB)]);
			await session.release();
		}
	);

	it('feeds positions and what belongs to them in the types and dimensions that it takes them', async () => {
		const plain = await opened('plain', cachedOnnx({ form: 'groupQuery' }));
		const proto = cachedOnnx({ form: 'groupQuery' });
		addInput(proto, 'position_ids', INT64, 2);
		addInput(proto, 'cache_position', INT64, 1);
		addInput(proto, 'token_type_ids', INT32, 2);
		addInput(proto, 'num_logits_to_keep', INT64, 0);
		const more = await opened('more', proto);
		const expected = await plain.read(plain.start(2), IDS);
		expect(await more.read(more.start(2), IDS)).toEqual(expected);
	});

	it('runs in float16 from the ids to the logits', async () => {
		const wide = await opened('wide', cachedOnnx({ form: 'groupQuery' }));
		const half = await opened('half', halved(cachedOnnx({ form: 'groupQuery' })));
		expect(half.cache.map(({ type }) => type)).toEqual(new Array(8).fill('float16'));
		const expected = await wide.read(wide.start(1), [IDS[0]]);
		const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
		const found = await half.read(half.start(1), [IDS[0]]);
		expect(largestDifference(found, expected)).toBeLessThan(0.03 * largest);
	});

	it('gives the logits after the last token alone, of halves too', async () => {
		const half = await opened('lasts', halved(cachedOnnx({ form: 'groupQuery' })));
		const all = await half.read(half.start(2), IDS);
		const state = half.start(2);
		expect(await half.readLast(state, IDS)).toEqual([
			all.slice(9 * VOCAB, 10 * VOCAB),
			all.slice(19 * VOCAB)
		]);
		// The cache went on with it.
		expect(state.mask[0]).toHaveLength(10);
	});
});

describe("a user's ONNX decoder is refused", () => {
	it('where an input looks like a cache and is of no layer that was found', async () => {
		const more = cachedOnnx({ form: 'groupQuery' });
		const [template] = pastInputs(more);
		more.graph?.input.push({ ...template, name: 'past_key_values.9.key' });
		await expect(opened('more-past', more)).rejects.toThrow(
			"input past_key_values.9.key is no layer's cache that was found with its output"
		);
	});

	it('where a layer puts out one of its keys and values alone', async () => {
		const proto = cachedOnnx({ form: 'groupQuery' });
		const output = proto.graph?.output ?? [];
		output.splice(
			output.findIndex(({ name }) => name === 'present.1.value'),
			1
		);
		await expect(opened('half-present', proto)).rejects.toThrow(
			"input past_key_values.1.value is no layer's cache that was found with its output"
		);
	});
});

function pastInputs(proto: ModelProto) {
	return (proto.graph?.input ?? []).filter(({ name }) => name.startsWith('past'));
}

/** Declares one more input of whole numbers, of as many of [batch, tokens] as asked for, the last ones. */
function addInput(proto: ModelProto, name: string, elementType: number, dimensions: number): void {
	const graph = new GraphBuilder('inputs');
	const shape = ['batch', 'tokens'].slice(2 - dimensions);
	graph.input(name, shape, elementType);
	const [input] = fromBinary(ModelProtoSchema, graph.build()).graph?.input ?? [];
	proto.graph?.input.push(input);
}
