import type { Reporter } from '../../telemetry/reporter.ts';
import { ForwardPass, type WindowState } from '../../engine/forward.ts';
import { OutputPass } from '../../engine/output.ts';
import type { WeightSource } from '../../engine/weights.ts';
import { allocateKept, attentionOf, type KeptWindow } from '../../engine/keptWindow.ts';
import type { PreparedSearch } from './prepare.ts';
import { turnedBy } from './turned.ts';

/** What the attention blocks put out, from one pass over the search part. */
export interface Outputs {
	output: OutputOf;
	/** [L]: mean over tokens of 1 − cos(x, x + Attn(x)), how much a layer's attention turns the state; without bias of W_O. */
	turned: number[];
}

/** `output` of design section 4 for a pair; null where the follower's attention block puts out nothing. */
export type OutputOf = (source: number, follower: number) => number | null;

const STAGE = 'outputs';

/**
 * `output` of every pair that a span may have, over all windows of the search part, from one pass and each layer's
 * attention once more: no plan is run.
 */
export async function measureOutputs(
	prepared: PreparedSearch,
	weights: WeightSource,
	reporter: Reporter
): Promise<Outputs> {
	const { checkpoint, layout, memory, parts } = prepared;
	const { layers, hidden } = checkpoint.config;
	const forward = new ForwardPass(checkpoint.config, layout, weights);
	const output = await OutputPass.open(checkpoint.config, layout, weights);
	const rooms = Array.from({ length: memory.windowsPerGroup }, () => allocateKept(layout, hidden));
	/** [L, L]: ‖(P_source − P_follower)·V·W_O‖² over windows; the diagonal: ‖P_follower·V·W_O‖². */
	const squares = new Float64Array(layers * layers);
	const turned = new Float64Array(layers);
	let tokens = 0;

	const attend = async (group: readonly KeptWindow[], layer: number) => {
		const states = group.map((each) => ({
			hidden: each.hidden[layer].slice(),
			attention: attentionOf(each, layer)
		}));
		await forward.run(states, {
			first: layer,
			last: layer,
			onLayer: (_, at) => reporter.addLayer(prepared.work.layer, STAGE, group[at].window, layer)
		});
	};
	const add = async (each: KeptWindow, source: number, follower: number) => {
		const own = each.output[follower];
		if (source === follower) own.fill(0);
		const attention = attentionOf(each, source);
		const found = await output.run(follower, each.hidden[follower], attention, source, own);
		if (source === follower) {
			own.set(found.output);
			turned[source] += turnedBy(each.hidden[source], own, hidden);
		}
		squares[source * layers + follower] += found.square;
		reporter.add(prepared.work.output, STAGE, each.window, follower);
	};

	for (let first = 0; first < parts.search.length; first += rooms.length) {
		const windows = parts.search.slice(first, first + rooms.length);
		const group = windows.map(({ ids }, at) => ({ ...rooms[at], ids, window: first + at }));
		await keepStates(prepared, forward, group, reporter);
		tokens += group.length * layout.context;
		// From the last source to the first: what a follower's own block puts out is known when it is needed.
		for (let source = layers - 1; source >= 0; source--) {
			await attend(group, source);
			const followers = prepared.spans.flatMap((span) =>
				span.source === source ? [span.last] : []
			);
			for (const each of group)
				for (const follower of [source, ...followers]) await add(each, source, follower);
		}
	}
	await forward.release();
	await output.release();
	return {
		output: (source, follower) => {
			const own = squares[follower * layers + follower];
			return own > 0 ? 1 - Math.sqrt(squares[source * layers + follower] / own) : null;
		},
		turned: Array.from(turned, (sum) => sum / tokens)
	};
}

/** The model as it is; the state before every layer is kept. */
async function keepStates(
	{ layout, work }: PreparedSearch,
	forward: ForwardPass,
	group: readonly KeptWindow[],
	reporter: Reporter
): Promise<void> {
	const states: WindowState[] = [];
	for (const { ids } of group) states.push(await forward.start(ids, null));
	for (const [at, { hidden }] of states.entries()) group[at].hidden[0].set(hidden);
	await forward.run(states, {
		last: layout.layers - 2,
		onLayer: (layer, at) => {
			group[at].hidden[layer + 1].set(states[at].hidden);
			reporter.addLayer(work.layer, STAGE, group[at].window, layer);
		}
	});
}
