import type { ResultParts } from '../../analysis/measure/results/folder.ts';
import { makePlan } from '../../analysis/plan/planFile.ts';
import type { Plan, PlanRepair, Sources } from '../../analysis/plan/types.ts';
import { madeUpBench } from './benchReport.ts';

const figures = { loss: 3, perplexity: Math.exp(3), bitsPerByte: 2, tokens: 14 };
const spread = { median: 1, q25: 1, q75: 1 };
const variant = { prefillSeconds: spread, cpuSeconds: 1, peakRssBytes: 1 };

/** Model, texts and windows of every made-up result: those of the made-up run of tests/builders/run.ts. */
const about = {
	model: { name: 'tiny', hash: '00112233445566778899aabbccddeeff' },
	texts: [{ name: 'a.txt', sha256: 'ff', characters: 40 }],
	context: 8,
	windows: 2
};
const stored = { ...about, command: 'spanwise damage tiny --text a.txt', telemetry: null };

/** A plan of three layers: layer 1 follows 0, layer 2 keeps its own. */
export function madeUpPlan(repair: PlanRepair | null = null): Plan {
	const { name, hash } = about.model;
	return {
		...makePlan({
			model: { name, architecture: 'LlamaForCausalLM', layers: 3, heads: 2, kvHeads: 1, hash },
			sources: [0, 0, 2],
			spans: [{ source: 0, followers: [1], headMap: 'identity', score: null }],
			definition: null,
			predicted: null
		}),
		repair
	};
}

export function madeUpDamage(): ResultParts {
	const loss = (value: number) => ({ loss: value, low: value - 0.01, high: value + 0.01 });
	return {
		...stored,
		result: {
			kind: 'damage',
			damage: {
				report: {
					baseline: figures,
					drop: [0.5, 0.1, 0.3],
					pairs: [
						{ source: 0, follower: 1, ...loss(0.2), output: 0.9 },
						{ source: 0, follower: 2, loss: null, low: null, high: null, output: null },
						{ source: 1, follower: 2, ...loss(0.05), output: 0.8 }
					],
					spans: [{ source: 0, last: 1, ...loss(0.2) }],
					evaluations: { done: 20, naive: 40 },
					interval: 'blocks'
				},
				drops: [0.5, 0.1, 0.3].map((value, layer) => ({ layer, ...loss(value) })),
				...about,
				notes: [],
				progressFile: 'damage/tiny.jsonl',
				seconds: 1
			}
		}
	};
}

export function madeUpEvaluation(): ResultParts {
	return {
		...stored,
		result: {
			kind: 'evaluate',
			plan: madeUpPlan(),
			evaluation: {
				report: {
					baseline: figures,
					shared: { ...figures, loss: 3.2 },
					delta: { loss: 0.2, low: 0.1, high: 0.3, over: 'blocks' },
					kl: { mean: 0.1, p99: 1 },
					agreement: 0.9,
					windows: [],
					worst: [],
					cost: {
						measured: {
							baseline: variant,
							shared: variant,
							prefillRatio: spread,
							processPeakRssBytes: 1,
							weights: 'resident'
						},
						predicted: savingsOfNothing
					},
					gates: { verdict: 'fail', judged: [] }
				},
				...about,
				notes: [],
				warning: null,
				seconds: 1
			}
		}
	};
}

/** The deployment of a made-up plan, measured. */
export function madeUpBenchResult(): ResultParts {
	const bench = madeUpBench();
	const { prompt, repeats } = bench.setting;
	return {
		...stored,
		texts: bench.cost?.texts ?? [],
		context: prompt,
		windows: repeats,
		result: { kind: 'bench', plan: madeUpPlan(), bench }
	};
}

const savingsOfNothing = {
	context: 8,
	batch: 1,
	elementBytes: 4,
	followers: 1,
	leftOut: 0,
	kCache: { bytes: 0, bytesPerToken: 0, shareOfK: 0, shareOfKv: 0 },
	vCache: { bytes: 0, bytesPerToken: 0 },
	parameters: { count: 0, share: 0 },
	prefill: { flops: 0, share: 0, keptBytes: 0 },
	decode: { bytes: 0, readBytes: 0, share: 0 }
};

/** A search with one plan, whose refitted weights lie in `weights.safetensors`. */
export function madeUpSearch(): ResultParts {
	const sources: Sources = [0, 0, 2];
	const part = { loss: 0.2, low: 0.1, high: 0.3 };
	const each = <T>(value: T) => ({ search: value, choose: value, report: value });
	const savings = {
		kCache: 0.3,
		kvCache: 0.15,
		parameters: 0.1,
		prefillFlops: 0.1,
		decodeBytes: 0.1
	};
	return {
		...stored,
		result: {
			kind: 'search',
			search: {
				report: {
					verdict: { kind: 'share', plan: 'share repaired', sentence: 'Share.' },
					goal: { kind: 'save', axis: 'kvCache', share: 0.125 },
					target: { axis: 'kvCache', share: 0.125 },
					plans: [
						{
							name: 'share repaired',
							maker: 'share',
							repaired: true,
							kind: 'share',
							sources,
							savings,
							sumOfParts: 0.2,
							additivityError: null,
							...each(part),
							plan: madeUpPlan({ file: 'weights.safetensors', sha256: 'ee', strength: 0.1 })
						}
					],
					random: { plans: [], beaten: null },
					front: [],
					shortlist: { spans: [], rho: null },
					baseline: each(figures),
					interval: each('blocks' as const),
					parts: each({ windows: 2, documents: [0] }),
					notes: []
				},
				...about,
				notes: [],
				seconds: 1
			}
		}
	};
}
