import { parseSamples } from '../../../analysis/measure/tasks/samples.ts';
import { pairTasks } from '../../../analysis/measure/tasks/pair.ts';
import { mutateBytes } from '../mutateBytes.ts';
import { mutateJson } from '../mutateJson.ts';
import type { Random } from '../random.ts';
import { Finding, refusedOr, type Outcome, type Target } from '../target.ts';

const QUESTIONS = 8;
const METRICS = ['acc', 'acc_norm'];

/** A line as lm-evaluation-harness writes it, without documents and responses. */
function lineOf(at: number): Record<string, unknown> {
	return {
		...{ doc_id: at, filter: 'none', metrics: METRICS },
		...{ doc_hash: `d${at}`, prompt_hash: `p${at}`, target_hash: `t${at}` },
		...{ acc: at % 2, acc_norm: 0.25 * (at % 4) }
	};
}
const LINES = Array.from({ length: QUESTIONS }, (_, at) => lineOf(at));

/**
 * Samples of lm-evaluation-harness, one line of which was changed. A mutant is refused, or the metrics are those that its
 * lines say: of the lines that were not changed all of them, and the means over the questions that both runs asked.
 */
export class SamplesTarget implements Target {
	readonly name = 'samples';

	prepare(): Promise<void> {
		return Promise.resolve();
	}

	async try(random: Random): Promise<Outcome> {
		const wellFormed = random.chance(0.7);
		const victim = random.int(QUESTIONS);
		const mutant = wellFormed
			? mutateJson(LINES[victim], random)
			: mutateBytes(Buffer.from(LINES.map((line) => JSON.stringify(line)).join('\n')), random);
		const { change } = mutant;
		const text =
			'bytes' in mutant
				? mutant.bytes.toString()
				: LINES.map((line, at) => JSON.stringify(at === victim ? mutant.value : line)).join('\n');
		const samples = await refusedOr(change, () => parseSamples(text, 's.jsonl'));
		if (samples === null) return { change, wellFormed, verdict: 'refused' };
		const original = parseSamples(LINES.map((line) => JSON.stringify(line)).join('\n'), 's.jsonl');
		if (wellFormed) {
			for (const [at, sample] of original.entries())
				if (at !== victim && JSON.stringify(samples.at(at)) !== JSON.stringify(sample))
					throw new Finding(`${change}: line ${at + 1} is ${JSON.stringify(samples.at(at))}`);
		}
		const said = text
			.split('\n')
			.filter((line) => line.trim() !== '')
			.map((line) => JSON.parse(line) as Record<string, unknown>);
		for (const [at, { metrics }] of samples.entries())
			for (const [name, value] of Object.entries(metrics))
				if (Number(said[at][name]) !== value)
					throw new Finding(`${change}: line ${at + 1}: ${name} is ${value}`);
		const task = (of: typeof samples) => [{ task: 'arc', samples: of }];
		const paired = await refusedOr(change, () => pairTasks(task(original), task(samples)));
		for (const { questions, a, b } of paired?.rows ?? [])
			if (!(questions >= 1 && questions <= QUESTIONS && Number.isFinite(a) && Number.isFinite(b)))
				throw new Finding(`${change}: ${questions} questions, ${a} and ${b}`);
		return { change, wellFormed, verdict: 'right' };
	}
}
