import type { Forecast, Running } from '../analysis/measure/kind.ts';
import { sayEstimate } from './estimateText.ts';
import { removePartials, watchInterrupts } from './interrupt.ts';
import { say, type Io } from './io.ts';
import { progressDisplay } from './progress.ts';

/**
 * Says what a measurement will take, shows how it goes, and takes the bar away however it ends. On Ctrl-C the process
 * ends at once, and what was half written goes; `resumes`: what was measured stays, and that is said.
 */
export async function withProgress<Made>(
	io: Io,
	{ resumes = false }: { resumes?: boolean | undefined },
	run: (watch: Required<Pick<Running, 'onProgress' | 'onPrepared'>>) => Promise<Made>
): Promise<Made> {
	const display = progressDisplay(io.stderr);
	let writes: string | null = null;
	const stopWatching = watchInterrupts(() => {
		display.end();
		if (writes !== null) removePartials(writes);
		if (resumes) say(io, 'stopped; rerun the same command to resume');
	});
	const onPrepared = (forecast: Forecast) => {
		writes = forecast.writes ?? null;
		sayEstimate(forecast.name, forecast.estimate, io, forecast.extent);
		for (const note of forecast.notes ?? []) say(io, note);
	};
	try {
		return await run({ onProgress: display.update, onPrepared });
	} finally {
		stopWatching();
		display.end();
	}
}
