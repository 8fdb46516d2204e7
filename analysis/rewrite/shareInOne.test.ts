import { describe, expect, it } from 'vitest';
import { cachedOnnx } from '../../tests/builders/cachedOnnx.ts';
import { plainLogits } from '../../tests/builders/plainSharing.ts';
import {
	difference,
	foundOnnx,
	graphOf,
	logitsOf,
	planned
} from '../../tests/builders/sharedOnnx.ts';
import { GraphBuilder } from '../proto/builder.ts';
import type { ModelProto } from '../proto/onnx_pb.ts';
import { findAttention } from '../model/onnx/attention.ts';
import { GraphView } from '../model/onnx/graphView.ts';
import { GraphRewrite } from './rewrite.ts';
import { shareAttention } from './share.ts';
import { exposeProbabilities } from './shareSource.ts';

describe('attention that is written out, keys and values in one tensor, as GPT-2 is exported', () => {
	const IDS = Array.from({ length: 12 }, (_, at) => (at * 17 + 3) % 50);
	const SOURCES = [0, 1, 1, null];

	/** The small decoder in operators, keys and values put together as torch.stack does. */
	function writtenDecoder(): ModelProto {
		const proto = cachedOnnx({ form: 'contribPacked' });
		const view = new GraphView(graphOf(proto));
		const rewrite = new GraphRewrite(view);
		for (const attention of findAttention(view)) exposeProbabilities(rewrite, attention);
		const graph = rewrite.finish();
		const added = new GraphBuilder('added', 'added.');
		graph.node = graph.node.flatMap((node) => {
			if (node.name.endsWith('.present')) return [];
			if (!node.name.endsWith('.present.parts')) return [node];
			const layer = /layer\.(\d+)/.exec(node.name)?.[1] ?? '';
			const together = new GraphBuilder('together');
			const parts = node.input.map((part, at) =>
				together.node(`${node.name}.${at}`, 'Unsqueeze', [part, added.integers(0)])
			);
			together.node(node.name, 'Concat', parts, {
				outputs: [`present.${layer}`],
				attributes: { axis: 0n }
			});
			return together.parts().node;
		});
		graph.initializer.push(...added.parts().initializer);
		return { ...proto, graph };
	}

	it('is found with the cache that it has', async () => {
		const { layers } = await foundOnnx(writtenDecoder());
		expect(layers.map(({ operator, values }) => [operator, values.pastValue])).toEqual(
			[0, 1, 2, 3].map((layer) => ['Softmax', `past_key_values.${layer}`])
		);
		expect(layers[1].values).toMatchObject({
			pastKey: null,
			presentKey: null,
			presentValue: 'present.1'
		});
	});

	it('follows with values alone in its cache, at once and token by token as in plain loops', async () => {
		const model = await foundOnnx(writtenDecoder());
		const plan = planned(SOURCES, [2]);
		const { proto } = shareAttention(model, plan);
		const view = new GraphView(graphOf(proto));
		expect(view.shape('past_key_values.2')).toEqual([1, 'batch', 4, 'past', 16]);
		expect(view.shape('present.2')).toEqual([1, 'batch', 4, 'total', 16]);
		expect(view.isInput('past_key_values.3')).toBe(false);
		const plain = plainLogits(
			cachedOnnx({ form: 'contribPacked' }),
			'contribPacked',
			IDS,
			SOURCES,
			plan.headMaps
		);
		expect(difference(await logitsOf(proto, [IDS]), plain)).toBeLessThan(2e-5);
		const steps = [IDS.slice(0, 5), ...IDS.slice(5).map((id) => [id])];
		expect(difference(await logitsOf(proto, steps), plain)).toBeLessThan(2e-5);
	});

	it('follows too where the places of keys and values stand in one dimension, squeezed away behind', async () => {
		const proto = writtenDecoder();
		const graph = graphOf(proto);
		const added = new GraphBuilder('added', 'added.');
		graph.node = graph.node.flatMap((node) => {
			const part = /\.past\.([01])$/.exec(node.name)?.[1];
			if (part === undefined) return [node];
			const apart = new GraphBuilder('apart');
			const one = apart.node(node.name, 'Gather', [node.input[0], added.integers(Number(part))], {
				outputs: [`${node.name}.one`],
				attributes: { axis: 0n }
			});
			apart.node(`${node.name}.squeeze`, 'Squeeze', [one, added.integers(0)], {
				outputs: node.output
			});
			return apart.parts().node;
		});
		graph.initializer.push(
			...added
				.parts()
				.initializer.filter(({ name }) => graph.initializer.every((x) => x.name !== name))
		);
		const before = await logitsOf(
			shareAttention(await foundOnnx(writtenDecoder()), planned(SOURCES)).proto,
			[IDS]
		);
		const shared = shareAttention(await foundOnnx(proto), planned(SOURCES)).proto;
		const steps = [IDS.slice(0, 5), ...IDS.slice(5).map((id) => [id])];
		expect(difference(await logitsOf(shared, steps), before)).toBeLessThan(2e-5);
	});

	it('is refused as a follower where values come before keys', async () => {
		const proto = writtenDecoder();
		for (const node of graphOf(proto).node) {
			if (node.name.endsWith('.present.parts')) node.input.reverse();
		}
		const model = await foundOnnx(proto);
		expect(() => shareAttention(model, planned(SOURCES))).toThrow(
			/^layer 2: Softmax .* cannot be a follower: keys and values are one tensor in the cache, past_key_values\.2, and cannot be separated$/
		);
	});
});
