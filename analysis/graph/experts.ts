import type { Experts, ModelConfig } from '../model/checkpoint/types.ts';
import { MICROSOFT, type GraphBuilder } from '../proto/builder.ts';
import { addActivation } from './activation.ts';
import type { WeightOf } from './decoder.ts';

/**
 * Adds a mixture of experts: normed [S, hidden] → [S, hidden]. All experts are computed as one MLP of their widths together,
 * which is scaled expert by expert by what the router gives each token's: 0 for those that it does not go through. That is
 * count / perToken times the work of choosing, and exact (transformers: MixtralSparseMoeBlock, Qwen3MoeSparseMoeBlock,
 * GptOssMLP).
 */
export function addExperts(
	builder: GraphBuilder,
	at: string,
	config: ModelConfig,
	normed: string,
	weight: WeightOf
): string {
	const { experts, hidden, intermediate, mlpBias } = config;
	if (experts === null) throw new RangeError('the model has no experts');
	const { count } = experts;
	const linear = (role: 'router' | 'gate' | 'up', outputs: number): string => {
		const inputs = [normed, weight(role, [outputs, hidden])];
		if (mlpBias) inputs.push(weight(`${role}Bias`, [outputs]));
		return builder.node(`${at}${role}/Gemm`, 'Gemm', inputs, { attributes: { transB: 1n } });
	};
	const fractions = addRouter(builder, `${at}router/`, experts, linear('router', count));
	const [gate, up] = [linear('gate', intermediate), linear('up', intermediate)];
	const widened =
		experts.clamped === null
			? builder.node(`${at}Mul`, 'Mul', [addActivation(builder, at, config.block, gate), up])
			: addClamped(builder, at, experts.clamped, gate, up);
	// [S, experts, width] × [S, experts, 1].
	const apart = builder.node(`${at}Apart`, 'Reshape', [
		widened,
		builder.integers(-1, count, intermediate / count)
	]);
	const column = builder.node(`${at}Shares`, 'Unsqueeze', [fractions, builder.integers(2)]);
	const scaled = builder.node(`${at}Scaled`, 'Mul', [apart, column]);
	const together = builder.node(`${at}Together`, 'Reshape', [
		scaled,
		builder.integers(-1, intermediate)
	]);
	const down = builder.node(
		`${at}down/Gemm`,
		'Gemm',
		[together, weight('down', [hidden, intermediate])],
		{ attributes: { transB: 1n } }
	);
	if (!mlpBias) return down;
	const bias = builder.node(`${at}Biases`, 'MatMul', [
		fractions,
		weight('downBias', [count, hidden])
	]);
	return builder.node(`${at}Biased`, 'Add', [down, bias]);
}

/** Adds the weight of each expert for each token, [S, experts], from the router's scores; 0 for those not chosen. */
function addRouter(
	builder: GraphBuilder,
	at: string,
	{ perToken, softmaxOver, normalised }: Experts,
	scores: string
): string {
	const last = { attributes: { axis: -1n } };
	const overAll = softmaxOver === 'all';
	const ranked = overAll ? builder.node(`${at}Softmax`, 'Softmax', [scores], last) : scores;
	const [values, places] = [`${at}values`, `${at}places`];
	builder.node(`${at}TopK`, 'TopK', [ranked, builder.integers(perToken)], {
		outputs: [values, places],
		...last
	});
	let chosen = values;
	if (!overAll) chosen = builder.node(`${at}Softmax`, 'Softmax', [values], last);
	else if (normalised) {
		const sum = builder.node(`${at}Sum`, 'ReduceSum', [values, builder.integers(-1)]);
		chosen = builder.node(`${at}Divide`, 'Div', [values, sum]);
	}
	const zeros = builder.node(`${at}Zeros`, 'Mul', [scores, builder.scalar(0)]);
	return builder.node(`${at}Shares`, 'ScatterElements', [zeros, places, chosen], {
		attributes: { axis: 1n }
	});
}

/** gate · σ(slope · gate) · (up + 1), both clamped. */
function addClamped(
	builder: GraphBuilder,
	at: string,
	{ slope, limit }: NonNullable<Experts['clamped']>,
	gate: string,
	up: string
): string {
	const most = builder.scalar(limit);
	const low = builder.node(`${at}gate/Clamp`, 'Min', [gate, most]);
	const bounded = builder.node(`${at}up/Clamp`, 'Clip', [up, builder.scalar(-limit), most]);
	const activated = builder.node(`${at}QuickGelu`, 'QuickGelu', [low], {
		domain: MICROSOFT,
		attributes: { alpha: slope }
	});
	const more = builder.node(`${at}up/More`, 'Add', [bounded, builder.scalar(1)]);
	return builder.node(`${at}Mul`, 'Mul', [activated, more]);
}
