import { describe, expect, it } from 'vitest';
import { DTYPE_BYTES, savings, type SavingsFacts } from './savings.ts';
import type { Sources } from './types.ts';

function model(facts: Partial<SavingsFacts> & { layers: number }): SavingsFacts {
	return {
		heads: 32,
		kvHeads: 32,
		headDim: 128,
		hidden: 4096,
		intermediate: 11008,
		vocab: 32000,
		reach: new Array<null>(facts.layers).fill(null),
		qkvBias: false,
		outputBias: false,
		qkNorm: false,
		parameters: 6_738_415_616,
		...facts
	};
}
const llama2 = model({ layers: 32 });
const bf16 = { context: 4096, batch: 1, elementBytes: DTYPE_BYTES.bf16 };

/** The last span of a model: the source at `layers - 2 - followers`. */
function plan(layers: number, followers: number): Sources {
	const source = layers - 2 - followers;
	return Array.from({ length: layers }, (_, l) =>
		l > source && l <= source + followers ? source : l
	);
}

describe('savings of 4 of 32 layers of Llama-2-7B, worked out by hand', () => {
	const saved = savings(llama2, plan(32, 4), bf16);
	it('K cache: 4 · 32 heads · 128 · 2 bytes per token, 6.25% of the KV cache and not 12.5%', () => {
		expect(saved.followers).toBe(4);
		expect(saved.kCache.bytesPerToken).toBe(32768);
		expect(saved.kCache.bytes).toBe(134_217_728);
		expect(saved.kCache.shareOfK).toBe(0.125);
		expect(saved.kCache.shareOfKv).toBe(0.0625);
	});
	it('parameters: 4 · 4096 · 128 · 64', () => {
		expect(saved.parameters.count).toBe(134_217_728);
		expect(saved.parameters.share).toBeCloseTo(0.019918, 6);
	});
	it('prefill: 4 · (2·4096·4096·128·64 + 4096²·32·128) FLOPs, against 32·4096²·2 bytes kept', () => {
		expect(saved.prefill.flops).toBe(4 * (274_877_906_944 + 68_719_476_736));
		// All: 2·4096·(32·202 375 168 + 131 072 000) of weights, 32·2·4096²·4096 of attention.
		const all = 8192 * (32 * 202_375_168 + 131_072_000) + 64 * 4096 ** 3;
		expect(saved.prefill.share).toBeCloseTo(1_374_389_534_720 / all, 12);
		expect(saved.prefill.keptBytes).toBe(1_073_741_824);
	});
	it('decode: weights and K cache not read, less 4 · 32 · 4096 · 2 bytes of probabilities', () => {
		expect(saved.decode.bytes).toBe(134_217_728 * 2 + 134_217_728);
		expect(saved.decode.readBytes).toBe(1_048_576);
		const all = 2 * (32 * 202_375_168 + 131_072_000) + 2 * 1_073_741_824;
		expect(saved.decode.share).toBeCloseTo((402_653_184 - 1_048_576) / all, 12);
	});
});

it('norms on q and k count as wide as they are: one head each, or all heads together', () => {
	const saved = (facts: Partial<SavingsFacts>) =>
		savings(model({ layers: 32, ...facts }), plan(32, 4), bf16).parameters.count - 134_217_728;
	expect(saved({ qkNorm: true })).toBe(4 * 2 * 128);
	expect(saved({ qkNorm: true, qkNormWeights: 64 * 128 })).toBe(4 * 64 * 128);
});

describe('savings of 2 of 32 layers of Llama-2-7B dropped, worked out by hand', () => {
	const sources = plan(32, 0).map((layer) => (layer === 9 || layer === 20 ? null : layer));
	const saved = savings(llama2, sources, bf16);
	it('K and V cache: 2 · 32 heads · 128 · 2 bytes per token of each, as much together as 4 followers', () => {
		expect(saved).toMatchObject({ followers: 0, leftOut: 2 });
		expect(saved.kCache).toEqual({
			bytes: 134_217_728 / 2,
			bytesPerToken: 16384,
			shareOfK: 0.0625,
			shareOfKv: 0.0625
		});
		expect(saved.vCache).toEqual({ bytes: 134_217_728 / 2, bytesPerToken: 16384 });
	});
	it('parameters: 2 · (4 · 4096² of q, k, v and o, and 4096 of the norm before them)', () => {
		expect(saved.parameters.count).toBe(134_225_920);
	});
	it('prefill: 2 · (2·4096·4·4096² of projections, 2·4096²·4096 of QKᵀ and P·V); nothing is kept', () => {
		expect(saved.prefill.flops).toBe(2 * (549_755_813_888 + 137_438_953_472));
		expect(saved.prefill.keptBytes).toBe(0);
	});
	it('decode: weights, K and V cache not read, and nothing read instead', () => {
		expect(saved.decode.bytes).toBe(134_225_920 * 2 + 134_217_728);
		expect(saved.decode.readBytes).toBe(0);
	});
});

describe('savings', () => {
	it('q and k are 16.6% of a Llama-2-7B layer and 9.6% of a Llama-3-8B layer', () => {
		const [old] = [savings(llama2, plan(32, 1), bf16).parameters.count / 202_383_360];
		const llama3 = model({ layers: 32, kvHeads: 8, intermediate: 14336, vocab: 128_256 });
		const grouped = savings(llama3, plan(32, 1), bf16).parameters.count;
		expect(old).toBeCloseTo(0.166, 3);
		expect(grouped).toBe(20_971_520);
		expect(grouped / 218_112_000).toBeCloseTo(0.096, 3);
	});

	it('of the miniatures: 6 heads of 32 with 6 or 2 kv heads', () => {
		const facts = { layers: 16, heads: 6, headDim: 32, hidden: 192, intermediate: 512 };
		const mini2 = model({ ...facts, kvHeads: 6, vocab: 4096, parameters: 7_870_656 });
		const mini3 = model({ ...facts, kvHeads: 2, vocab: 8192, parameters: 7_870_656 });
		const setting = { context: 512, batch: 2, elementBytes: 4 };
		expect(savings(mini2, plan(16, 3), setting)).toMatchObject({
			kCache: { bytesPerToken: 2304, bytes: 2_359_296, shareOfKv: 3 / 32 },
			parameters: { count: 221_184 }
		});
		expect(savings(mini3, plan(16, 3), setting)).toMatchObject({
			kCache: { bytesPerToken: 768, bytes: 786_432, shareOfKv: 3 / 32 },
			parameters: { count: 147_456 },
			prefill: { flops: 3 * 2 * (50_331_648 + 50_331_648), keptBytes: 12_582_912 },
			decode: { bytes: 589_824 + 786_432, readBytes: 73_728 }
		});
	});

	it('counts q and k biases and norms where the model has them', () => {
		const count = (facts: Partial<SavingsFacts>) =>
			savings(model({ layers: 4, ...facts }), [0, 1, 1, 3], bf16).parameters.count;
		expect(count({ qkvBias: true }) - count({})).toBe(128 * 64);
		expect(count({ qkNorm: true }) - count({})).toBe(2 * 128);
	});

	it('with a sliding window of 3 over 5 tokens sees 1 + 2 + 3 + 3 + 3 keys and caches 3', () => {
		const small = { heads: 1, kvHeads: 1, headDim: 2, hidden: 2, intermediate: 1, vocab: 1 };
		const sliding = model({ layers: 4, ...small, reach: [3, 3, 3, 3], parameters: 100 });
		const saved = savings(sliding, [0, 1, 1, 3], { context: 5, batch: 1, elementBytes: 4 });
		expect(saved.prefill.flops).toBe(2 * 5 * 2 * 2 * 2 + 2 * 12 * 2);
		expect(saved.kCache).toEqual({ bytes: 24, bytesPerToken: 8, shareOfK: 0.25, shareOfKv: 0.125 });
		expect(saved.decode.readBytes).toBe(12);
		const wide = { ...sliding, reach: [9, 9, 9, 9] };
		expect(savings(wide, [0, 1, 1, 3], { context: 5, batch: 1, elementBytes: 4 })).toMatchObject({
			prefill: { flops: 80 + 2 * 15 * 2 },
			kCache: { bytes: 40 }
		});
	});

	it('takes fractions of what each layer really caches where sliding windows differ', () => {
		const mixed = model({ layers: 4, reach: [null, null, 1024, 1024] });
		const fraction = savings(mixed, [0, 1, 2, 2], bf16).kCache.shareOfK;
		expect(fraction).toBe(1024 / (4096 + 4096 + 1024 + 1024));
	});

	it('of a follower and a dropped layer with window, biases and norms, worked out by hand', () => {
		const mixed = model({
			...{ layers: 4, heads: 4, kvHeads: 2, headDim: 8, hidden: 16, intermediate: 5, vocab: 7 },
			...{ reach: [null, null, 3, null], qkvBias: true, outputBias: true, qkNorm: true },
			parameters: 10_000
		});
		const saved = savings(mixed, [0, 0, null, 3], { context: 5, batch: 2, elementBytes: 4 });
		// Each: q and k 16·8·6 with biases 48 and norms 16; the left-out one: v and o 768, biases 16 and 16, norm 16.
		const parameters = 832 + 832 + 816;
		expect(saved).toEqual({
			...{ context: 5, batch: 2, elementBytes: 4, followers: 1, leftOut: 1 },
			kCache: {
				bytes: 2 * 64 * (5 + 3),
				bytesPerToken: 128,
				shareOfK: 8 / 18,
				shareOfKv: (8 + 3) / 36
			},
			vCache: { bytes: 2 * 64 * 3, bytesPerToken: 64 },
			parameters: { count: parameters, share: 0.248 },
			// Keys: 12.5 without a window, 1 + 2 + 3 + 3 + 3 with it.
			prefill: {
				flops: 2 * (7680 + 800 + 2 * (7680 + 768)),
				share: 50_752 / (2 * (10 * (4 * 1776 + 112) + 4 * 49.5 * 32)),
				keptBytes: 800
			},
			decode: {
				bytes: 4 * parameters + 1408,
				readBytes: 160,
				share: (11_328 - 160) / (4 * 7216 + 2 * 2304)
			}
		});
	});

	it('of a plan without followers is nothing', () => {
		const saved = savings(llama2, plan(32, 0), bf16);
		expect(saved).toMatchObject({
			followers: 0,
			leftOut: 0,
			kCache: { bytes: 0, bytesPerToken: 0, shareOfKv: 0 },
			vCache: { bytes: 0, bytesPerToken: 0 },
			parameters: { count: 0 },
			prefill: { flops: 0, share: 0, keptBytes: 0 },
			decode: { bytes: 0, readBytes: 0, share: 0 }
		});
	});

	it('grows with the batch, but weights are read once', () => {
		const [one, two] = [1, 2].map((batch) => savings(llama2, plan(32, 4), { ...bf16, batch }));
		expect(two.kCache.bytes).toBe(2 * one.kCache.bytes);
		expect(two.decode.bytes - one.decode.bytes).toBe(one.kCache.bytes);
		expect(two.prefill.flops).toBe(2 * one.prefill.flops);
		expect(two.prefill.keptBytes).toBe(2 * one.prefill.keptBytes);
	});

	it('refuses plans for other models and settings that are not positive', () => {
		expect(() => savings(llama2, plan(16, 2), bf16)).toThrow('sources: 16 layers; expected 32');
		expect(() => savings(llama2, plan(32, 2), { ...bf16, batch: 0 })).toThrow(
			'batch: 0; allowed: a whole number, 1 or more'
		);
	});
});
