import { describe, expect, it } from 'vitest';
import type { PlanFigures, Planner, SearchReport } from './types.ts';
import { whyChosen } from './whyChosen.ts';

const exact = (loss: number) => ({ loss, low: loss - 0.01, high: loss + 0.01 });
const plan = (
	name: string,
	{
		choose,
		report,
		recall,
		saved = 0.25
	}: Record<'choose' | 'report', number> & {
		recall?: number;
		saved?: number;
	}
) =>
	({
		...{ name, maker: name.split(' ')[0] as Planner, repaired: name.endsWith('repaired') },
		...{ savings: { kvCache: saved }, choose: exact(choose), report: exact(report) },
		...(recall !== undefined && { recall: { choose: exact(recall), report: exact(recall) } })
	}) as PlanFigures;
const whyOf = (plans: PlanFigures[], chosen: string | null, limit?: number) =>
	whyChosen({
		...{ target: { axis: 'kvCache', share: 0.25 }, plans, verdict: { plan: chosen } },
		...(limit !== undefined && { recall: { limit } as SearchReport['recall'] })
	});

describe('why a plan was chosen', () => {
	const repaired = plan('drop repaired', { choose: 0.041, report: 0.036 });
	it('is said where another costs less on held-out text: it costs more on the choose part', () => {
		const drop = plan('drop', { choose: 0.05, report: 0.024 });
		expect(whyOf([repaired, drop], 'drop repaired')).toBe(
			'drop adds less on held-out text: +0.024 instead of +0.036; the intervals overlap. It was not chosen because plans are chosen on the choose part, where it adds more: +0.050 instead of +0.041. Choosing by held-out text would make the reported figure look better than it is.'
		);
	});
	it('is not said where the chosen one costs least, or what costs less saves less', () => {
		const dear = plan('drop', { choose: 0.05, report: 0.04 });
		const small = plan('share', { choose: 0.01, report: 0.01, saved: 0.2 });
		expect(whyOf([repaired, dear, small], 'drop repaired')).toBeNull();
		expect(whyOf([repaired], null)).toBeNull();
	});
	it('names recall where that ruled the other out', () => {
		const drop = plan('drop', { choose: 0.03, report: 0.01, recall: 0.8 });
		expect(whyOf([repaired, drop], 'drop repaired', 0.1)).toContain(
			'It was not chosen because it adds +0.800 to recall on the choose part, above the limit of 0.1.'
		);
	});
	it('says that a rival is not chosen between', () => {
		const rival = plan('trailing', { choose: 0.01, report: 0.01 });
		expect(whyOf([repaired, rival], 'drop repaired')).toBe(
			'trailing adds less on held-out text: +0.010 instead of +0.036. It is there to compare with, and only plans made from measured damage are chosen between.'
		);
	});
});
