import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Progress } from '../analysis/telemetry/progress.ts';
import type { Output } from './io.ts';
import { progressDisplay } from './progress.ts';

function progress(changes: Partial<Progress>): Progress {
	return {
		stage: 'layers',
		layer: 6,
		layers: 16,
		window: 3,
		windows: 8,
		fraction: 0.435,
		secondsElapsed: 9,
		secondsLeft: 12,
		rssBytes: 0,
		tokens: 0,
		...changes
	};
}

function output(terminal: { isTTY: boolean; columns?: number }): Output & { read: () => unknown } {
	return Object.assign(new PassThrough({ encoding: 'utf8' }), terminal);
}

describe('progressDisplay', () => {
	it('elsewhere than on a terminal writes plain lines, at most one every two seconds', () => {
		const out = output({ isTTY: false });
		let time = 0;
		const display = progressDisplay(out, () => time);
		display.update(progress({}));
		time = 1999;
		display.update(progress({ window: 4 }));
		time = 2000;
		display.update(progress({ window: 5, layer: null, stage: 'loss', secondsLeft: null }));
		display.end();
		expect(out.read()).toBe(
			'43% layers · layer 6 of 0–15 · windows 3/8 · 12 s left\n43% loss · windows 5/8\n'
		);
	});

	it('on a terminal draws one line over itself, and takes it away', () => {
		const out = output({ isTTY: true, columns: 100 });
		const display = progressDisplay(out, () => 0);
		display.update(progress({ fraction: 0.5 }));
		display.end();
		expect(out.read()).toBe(
			`\r\x1b[K${'█'.repeat(12)}${'░'.repeat(12)} 50% layers · layer 6 of 0–15 · windows 3/8 · 12 s left\r\x1b[K`
		);
	});

	it('never fills a line of the terminal, which would wrap', () => {
		const out = output({ isTTY: true, columns: 40 });
		progressDisplay(out, () => 0).update(progress({}));
		expect(String(out.read()).replace('\r\x1b[K', '')).toHaveLength(39);
	});
});
