import { expect, it } from 'vitest';
import { isDecoder, sizesOf } from './otherEngine.ts';

const CONFIG = {
	...{ architectures: ['NewForCausalLM'], num_hidden_layers: 4, hidden_size: 32 },
	...{ num_attention_heads: 4, vocab_size: 96, sliding_window: 8 }
};
const TYPES = [
	'sliding_attention',
	'sliding_attention',
	'sliding_attention',
	'full_attention'
] as const;

it('an unknown family has the sliding windows that its config.json names layer by layer', () => {
	const { slidingWindows } = sizesOf({ ...CONFIG, layer_types: TYPES }, 'config.json', 'why');
	expect(slidingWindows).toEqual([8, 8, 8, null]);
	const inner = sizesOf({ text_config: { ...CONFIG, layer_types: TYPES } }, 'config.json', 'why');
	expect(inner.slidingWindows).toEqual([8, 8, 8, null]);
});

it.each([
	[{}],
	[{ layer_types: ['sliding_attention'] }],
	[{ layer_types: TYPES, sliding_window: null }],
	[{ layer_types: TYPES, sliding_window: 0 }]
])('and none where it does not say which: %j', (given) => {
	expect(sizesOf({ ...CONFIG, ...given }, 'config.json', 'why').slidingWindows).toEqual(
		Array(4).fill(null)
	);
});

it.each([
	[{ architectures: ['OPTForCausalLM'] }, true],
	[{ architectures: ['GPT2LMHeadModel'] }, true],
	[{ model_type: 'new' }, true],
	[{}, false],
	[{ architectures: ['BertForMaskedLM'] }, false],
	[{ architectures: ['T5ForConditionalGeneration'], is_encoder_decoder: true }, false]
])('a config.json describes a decoder or not: %j', (json, is) => {
	expect(isDecoder(json, 'config.json')).toBe(is);
});
