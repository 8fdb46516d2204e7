import { expect, it } from 'vitest';
import { noteEnd, noteUse, peakWithHelpers, useOfHelpers } from './helpers.ts';
import { peakRssBytes } from './peakMemory.ts';

it('adds what helpers use; one that has ended leaves its CPU time, which never falls', () => {
	const [one, other] = [{}, {}];
	const before = useOfHelpers();
	noteUse(one, { rssBytes: 3000, cpuSeconds: 5 });
	noteUse(other, { rssBytes: 1000, cpuSeconds: 2 });
	noteUse(one, { rssBytes: 2000, cpuSeconds: 4 });
	expect(useOfHelpers().cpuSeconds - before.cpuSeconds).toBe(7);
	expect(useOfHelpers().rssBytes - before.rssBytes).toBe(3000);
	expect(peakWithHelpers() - peakRssBytes()).toBeGreaterThanOrEqual(before.rssBytes + 4000);

	for (const helper of [one, other]) noteEnd(helper);
	expect(useOfHelpers().cpuSeconds - before.cpuSeconds).toBe(7);
	expect(useOfHelpers().rssBytes).toBe(before.rssBytes);
});
