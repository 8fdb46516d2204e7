import { fromBinary } from '@bufbuild/protobuf';
import { expect, it } from 'vitest';
import { GraphBuilder } from '../../proto/builder.ts';
import { GraphProtoSchema, ModelProtoSchema } from '../../proto/onnx_pb.ts';
import { withFields } from './copy.ts';
import { GraphView } from './graphView.ts';
import { headsOf } from './shapes.ts';

/** A product of queries, of these heads where they are declared, with a table of one head. */
function productWithTable(heads: number | null): GraphView {
	const builder = new GraphBuilder('rotary');
	builder.input('raw', ['batch', 'tokens', 32]);
	builder.input('table', ['batch', 1, 'tokens', 8]);
	if (heads !== null) builder.input('queries', ['batch', heads, 'tokens', 8]);
	const queries = heads === null ? builder.node('opaque', 'Custom', ['raw']) : 'queries';
	builder.node('turned', 'Mul', ['table', queries], { outputs: ['turned'] });
	const { graph } = fromBinary(ModelProtoSchema, builder.build());
	if (graph === undefined) throw new Error('no graph was built');
	return new GraphView(withFields(GraphProtoSchema, graph, {}));
}

it('a table of one head does not tell the number of heads', () => {
	expect(headsOf(productWithTable(4), 'turned').heads).toBe(4);
	expect(headsOf(productWithTable(1), 'turned').heads).toBe(1);
	expect(headsOf(productWithTable(null), 'turned').heads).toBeNull();
});
