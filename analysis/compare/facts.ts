import { escape, op, table } from 'arquero';
import { slidingWindowWords } from '../text/slidingWindow.ts';
import type { RunRecord } from '../workspace/run/types.ts';
import type { DifferingFact } from './types.ts';

/** Characters of a hash that tell two texts or models apart. */
const HASH_LENGTH = 12;

type Fact = Omit<DifferingFact, 'values'> & { value: string | number };

/** Finds the facts of definition cards and models that differ between runs: one entry per fact, in a fixed order. */
export function differingFacts(records: readonly RunRecord[]): DifferingFact[] {
	const facts = records.map(factsOf);
	const long = table({
		order: facts.flatMap((list) => list.map((_, order) => order)),
		run: facts.flatMap((list, run) => list.map(() => run)),
		value: facts.flatMap((list) => list.map(({ value }) => String(value)))
	});
	const orders = long
		.groupby('order')
		.rollup({ kinds: op.distinct('value') })
		.filter(escape(({ kinds }: { kinds: number }) => kinds > 1))
		.orderby('order')
		.array('order') as number[];
	return orders.map((order) => ({
		group: facts[0][order].group,
		title: facts[0][order].title,
		values: facts.map((list) => list[order].value)
	}));
}

function factsOf(record: RunRecord): Fact[] {
	const { model } = record;
	const definition = (title: string, value: string | number): Fact => ({
		group: 'definition',
		title,
		value
	});
	const ofModel = (title: string, value: string | number): Fact => ({
		group: 'model',
		title,
		value
	});
	return [
		definition(
			'texts',
			record.texts.map(({ name, sha256 }) => `${name} (${sha256.slice(0, HASH_LENGTH)})`).join(', ')
		),
		definition('context, tokens', record.context),
		definition('windows', record.windows.length),
		definition(
			'windows begin at character',
			record.windows.map(({ document, start }) => `${document}:${start}`).join(' ')
		),
		definition('tokens read', record.tokens),
		definition('windows begin with BOS', record.bos ? 'yes' : 'no'),
		definition('js queries per window', record.jsRows),
		definition('metrics measured', record.metrics.join(', ')),
		definition('Spanwise version', record.spanwise),
		ofModel('name', model.name),
		ofModel('model hash', model.hash.slice(0, HASH_LENGTH)),
		ofModel('tokenizer.json', model.tokenizerHash?.slice(0, HASH_LENGTH) ?? 'not recorded'),
		ofModel('architecture', model.architecture),
		ofModel('layers', model.layers),
		ofModel('heads', model.heads),
		ofModel('KV heads', model.kvHeads),
		ofModel('head dim', model.headDim),
		ofModel('hidden size', model.hidden),
		ofModel('MLP size', model.intermediate),
		ofModel('vocabulary', model.vocab),
		ofModel('positions', model.maxPositions),
		ofModel('sliding window', slidingWindowWords(model.reach)),
		ofModel('biases on q, k, v', model.qkvBias ? 'yes' : 'no'),
		ofModel('norms on q and k', model.qkNorm ? 'yes' : 'no'),
		ofModel('parameters', model.parameters),
		ofModel('bytes on disk', model.bytes),
		ofModel('dtype', model.dtype)
	];
}
