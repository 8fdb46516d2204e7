import { describe, expect, it } from 'vitest';
import { madeUpRun } from '../../../tests/builders/run.ts';
import { METRICS } from '../../similarity/types.ts';
import { captionOf, definitionOf, methodsSentence } from './definition.ts';

const run = { ...madeUpRun().record, files: {} };

describe('definitionOf', () => {
	it('says all that is needed to make a figure again', () => {
		expect(definitionOf(run, 'cosine', 'all')).toEqual({
			metric: 'cosine',
			view: 'all',
			headPolicy: 'each head with the head of the same index, all heads flattened into one vector',
			texts: run.texts,
			context: 4,
			windows: 2,
			tokens: 8,
			modelHash: '00112233445566778899aabbccddeeff',
			version: '0.1.0'
		});
	});
});

describe('methodsSentence', () => {
	it('names tokenizer.json by its hash where the run has it, and so does the card', () => {
		const model = { ...run.model, tokenizerHash: 'ffeeddccbbaa99887766' };
		expect(methodsSentence({ ...run, model }, 'cosine', 'all')).toContain(
			'SHA-256 of the weights 001122334455…, of tokenizer.json ffeeddccbbaa…) were captured'
		);
		expect(definitionOf({ ...run, model }, 'cosine', 'all')).toMatchObject({
			modelHash: run.model.hash,
			tokenizerHash: 'ffeeddccbbaa99887766'
		});
	});
	it('is a paragraph that can be pasted', () => {
		expect(methodsSentence(run, 'cosine', 'all')).toBe(
			'Attention weights of tiny (LlamaForCausalLM, 3 layers, 2 heads, 1 KV heads; SHA-256 of ' +
				'the weights 001122334455…) were captured on 2 windows of 4 tokens (8 tokens, each window ' +
				'beginning with BOS) from one document with Spanwise 0.1.0. Similarity between layers is the ' +
				'cosine similarity of attention probabilities, all heads flattened into one vector. Every ' +
				'causal entry counts. Layers are counted from 0.'
		);
	});
	it('tells every metric apart, and says where js looked at a sample', () => {
		expect(new Set(METRICS.map((metric) => methodsSentence(run, metric, 'all'))).size).toBe(5);
		expect(methodsSentence({ ...run, jsRows: 32 }, 'js', 'no-sink')).toContain(
			'up to 32 evenly spread queries per window'
		);
		expect(methodsSentence({ ...run, jsRows: 32 }, 'cosine', 'all')).not.toContain('32');
		expect(methodsSentence(run, 'cosine', 'no-sink')).toContain('The first token');
	});
});

describe('captionOf', () => {
	it('names metric, view, tokens, documents, model hash and the command', () => {
		expect(captionOf(run, 'hellinger', 'no-sink')).toBe(
			'tiny · hellinger, view no-sink · 8 tokens of a.txt · model 001122334455 · spanwise analyze tiny --text a.txt --context 4 --windows 2'
		);
	});
});
