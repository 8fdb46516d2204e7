import { planSpans } from '../../../analysis/plan/spans.ts';
import { makePlan, parsePlan } from '../../../analysis/plan/planFile.ts';
import type { Plan } from '../../../analysis/plan/types.ts';
import { parseJson } from '../../../analysis/edge/parseJson.ts';
import { mutateBytes } from '../mutateBytes.ts';
import { mutateJson } from '../mutateJson.ts';
import type { Random } from '../random.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';

const SOURCES = [0, 1, 1, 1, 4, null, 6, 6];
const HEADS = 4;

/** plan.json. A mutant is refused, or says the same in `sources` and `spans`, of layers and heads that there are. */
export class PlanTarget implements Target {
	readonly name = 'plan';
	readonly #plan = makePlan(
		{
			model: {
				name: 'model',
				architecture: 'LlamaForCausalLM',
				layers: SOURCES.length,
				heads: HEADS,
				kvHeads: 2,
				hash: 'hash'
			},
			sources: SOURCES,
			spans: planSpans(SOURCES, null, () => [3, 2, 1, 0]),
			definition: null,
			predicted: null
		},
		new Date(0)
	);

	prepare(): Promise<void> {
		return Promise.resolve();
	}

	async try(random: Random): Promise<Outcome> {
		const wellFormed = random.chance(0.8);
		const mutant = wellFormed
			? mutateJson(this.#plan, random)
			: mutateBytes(Buffer.from(JSON.stringify(this.#plan)), random);
		const { change } = mutant;
		const text = 'bytes' in mutant ? mutant.bytes.toString() : JSON.stringify(mutant.value);
		const plan = await refusedOr(change, () =>
			parsePlan(parseJson(text, 'plan.json'), 'plan.json')
		);
		if (plan === null) return { change, wellFormed, verdict: 'refused' };
		const problem = problemOf(plan, JSON.parse(text) as Plan);
		if (problem !== null) throw new Finding(`${change}: read, though ${problem}`);
		return { change, wellFormed, verdict: 'right' };
	}
}

/** Describes a rule of the contract of plan.json that a plan breaks; null: none. Written apart from the reader. */
function problemOf(plan: Plan, json: Plan): string | null {
	if (plan.sources.join() !== json.sources.join())
		return 'it was read otherwise than it is written';
	const { layers, heads } = plan.model;
	if (plan.sources.length !== layers) return `${plan.sources.length} sources for ${layers} layers`;
	const followers = new Map(
		plan.spans.flatMap((span) => span.followers.map((follower) => [follower, span] as const))
	);
	for (const [layer, source] of plan.sources.entries()) {
		const span = followers.get(layer);
		const follows = source !== null && source !== layer;
		if (follows !== (span !== undefined)) return `layer ${layer} differs in sources and spans`;
		if (!follows || span === undefined) continue;
		if (span.source !== source) return `layer ${layer} has two sources`;
		if (source > layer || plan.sources[source] !== source)
			return `the source of layer ${layer} does not compute its own attention`;
		if (plan.sources.slice(source + 1, layer).some((between) => between !== source))
			return `the span of layer ${layer} has gaps`;
		if (span.headMap === 'identity') continue;
		const map = span.headMap.at(span.followers.indexOf(layer));
		if (map?.length !== heads || map.some((head) => head >= heads))
			return `the head map of layer ${layer} is not of ${heads} heads`;
	}
	const named = plan.spans.flatMap((span) => span.followers);
	return new Set(named).size === named.length ? null : 'a follower is in two spans';
}
