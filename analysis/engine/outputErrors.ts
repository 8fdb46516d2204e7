import type { ForwardPass, WindowState } from './forward.ts';
import { attentionOf } from './keptWindow.ts';
import type { OutputPass } from './output.ts';
import type { WalkedWindow } from './planWalk.ts';
import type { OutputError, Pair } from './plans.ts';

/** Called with what was done on a window: a layer of it, or one output (null). */
type OnStep = (window: number, layer: number | null) => void;

/**
 * Output errors of pairs on windows that are in memory together, [pairs][windows]: from one pass and once more the attention
 * of each layer that a pair names. No plan is run.
 */
export async function outputErrors(
	{ forward, output }: { forward: ForwardPass; output: OutputPass },
	pairs: readonly Pair[],
	windows: readonly WalkedWindow[],
	onStep: OnStep
): Promise<OutputError[][]> {
	const named = [...new Set(pairs.flatMap(({ source, follower }) => [source, follower]))];
	await keepStates(forward, Math.max(...named), windows, onStep);
	const squares = windows.map(() => new Map<string, number>());
	// From the last layer to the first: what a follower's own block puts out is known when it is needed.
	for (const source of named.sort((a, b) => b - a)) {
		const states = windows.map((each) => ({
			hidden: each.hidden[source].slice(),
			attention: attentionOf(each, source),
			window: each.window
		}));
		await forward.run(states, {
			first: source,
			last: source,
			onLayer: (layer, at) => onStep(windows[at].window, layer)
		});
		const followers = pairs.flatMap((pair) => (pair.source === source ? [pair.follower] : []));
		for (const [at, each] of windows.entries()) {
			for (const follower of [source, ...followers]) {
				const own = each.beside[follower];
				if (source === follower) own.fill(0);
				const attention = attentionOf(each, source);
				const found = await output.run(follower, each.hidden[follower], attention, source, own);
				if (source === follower) own.set(found.output);
				squares[at].set(`${source} ${follower}`, found.square);
				onStep(each.window, null);
			}
		}
	}
	return pairs.map(({ source, follower }) =>
		squares.map((of) => ({
			missing: of.get(`${source} ${follower}`) ?? NaN,
			own: of.get(`${follower} ${follower}`) ?? NaN
		}))
	);
}

/** Runs the baseline up to a layer; the state before every layer is kept. */
async function keepStates(
	forward: ForwardPass,
	last: number,
	windows: readonly WalkedWindow[],
	onStep: OnStep
): Promise<void> {
	const states: WindowState[] = [];
	for (const { ids, window } of windows)
		states.push({ ...(await forward.start(ids, null)), window });
	for (const [at, { hidden }] of states.entries()) windows[at].hidden[0].set(hidden);
	for (const { known, ids } of windows) Object.assign(known, { ids, layers: last + 1 });
	if (last === 0) return;
	await forward.run(states, {
		last: last - 1,
		onLayer: (layer, at) => {
			windows[at].hidden[layer + 1].set(states[at].hidden);
			onStep(windows[at].window, layer);
		}
	});
}
