import * as v from 'valibot';
import { recallSetting } from '../../analysis/measure/settings.ts';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { benchFields, benchRequest } from '../../src/lib/tabs/bench/form.ts';
import { evaluateFields, evaluateRequest } from '../../src/lib/tabs/evaluate/form.ts';
import { damageFields, damageRequest } from '../../src/lib/tabs/map/damageForm.ts';
import { tuneFields, tuneRequest } from '../../src/lib/tabs/tune/form.ts';
import { searchFields, searchRequest } from '../../src/lib/tabs/search/form.ts';
import { planOf } from '../../src/lib/measure/planOf.ts';
import { defaultUrl } from '../../src/lib/state/defaultUrl.ts';
import { madeUpRun } from '../builders/run.ts';
import { measurementOf } from '../../analysis/measure/lookup.ts';
import type { Io } from '../../cli/io.ts';
import { registerMeasurement } from '../../cli/measurement.ts';
import { OWN } from '../../cli/own.ts';
import { registerSavings } from '../../cli/savings.ts';

const samples = [
	'hound-of-the-baskervilles',
	'time-machine',
	'walden',
	'through-the-looking-glass'
].map((id) => ({ id, title: id, author: '', characters: 9 }));
const SIZE = { layers: 16, maxPositions: 4096 };
const { record } = madeUpRun();
const asked = { plan: planOf({ ...record, files: {} }, [0, 0, 2]) };

/** Returns the options of a subcommand that is given none: its defaults. */
function optionsOf(kind: string): Record<string, unknown> {
	const program = new Command();
	// Options are read, nothing runs.
	const io = { stdout: process.stdout, stderr: process.stderr } as unknown as Io;
	if (kind === 'savings') registerSavings(program, io);
	else registerMeasurement(program, measurementOf(kind), io, OWN[kind]);
	const [command] = program.commands;
	command.parseOptions([]);
	return command.opts();
}

/** Default of --recall in commands. */
const recall = v.parse(recallSetting, undefined);

describe('page and command have the same defaults', () => {
	it('for a damage map', () => {
		const { context, windows, maxSpan, recallTokens } = optionsOf('damage');
		expect(damageRequest('run', damageFields({ model: SIZE }, samples))).toEqual({
			kind: 'damage',
			run: 'run',
			texts: [{ sample: 'hound-of-the-baskervilles' }, { sample: 'time-machine' }],
			context,
			windows,
			maxSpan,
			recall,
			recallTokens
		});
	});
	it('for an evaluation, whose texts the command asks for', () => {
		const { context, windows, recallTokens } = optionsOf('evaluate');
		expect(evaluateRequest('run', evaluateFields({ model: SIZE }, samples), asked)).toEqual({
			kind: 'evaluate',
			run: 'run',
			texts: [{ sample: 'walden' }, { sample: 'through-the-looking-glass' }],
			context,
			windows,
			...asked,
			questions: null,
			gates: {},
			recall,
			recallTokens,
			probes: []
		});
	});
	it('for a search, whose goal the command asks for', () => {
		const options = optionsOf('search');
		const { context, windows, maxSpan, protect, repair = false } = options;
		const { maxRecallIncrease, recallTokens } = options;
		expect(searchRequest('run', searchFields({ model: SIZE }, samples), SIZE.layers)).toEqual({
			kind: 'search',
			run: 'run',
			texts: [{ sample: 'hound-of-the-baskervilles' }, { sample: 'time-machine' }],
			context,
			windows,
			goal: { kind: 'followers', followers: 4 },
			maxSpan,
			protectedLayers: protect,
			repair,
			recall,
			recallTokens,
			maxRecallIncrease
		});
	});
	it('for a tuning', () => {
		const { context, windows, steps, batch, distill } = optionsOf('tune');
		expect(tuneRequest('run', tuneFields(SIZE, samples), asked)).toEqual({
			kind: 'tune',
			run: 'run',
			texts: [{ sample: 'walden' }],
			...{ context, windows, steps, batch, distill },
			...{ learningRate: null, lora: null, compare: true, device: 'cpu', questions: null },
			...asked
		});
	});
	it('for a deployment', () => {
		const { prompt, generate, batch, repeats, dtype = 'fp32' } = optionsOf('bench');
		expect(benchRequest('run', benchFields(SIZE.maxPositions, samples), asked)).toEqual({
			kind: 'bench',
			run: 'run',
			texts: [{ sample: 'walden' }, { sample: 'through-the-looking-glass' }],
			recall,
			...asked,
			dtype,
			prompt,
			generate,
			batch,
			repeats
		});
	});
	it('for savings', () => {
		const { context, batch, dtype } = optionsOf('savings');
		const model = { ...record.model, ...SIZE, reach: new Array<null>(SIZE.layers).fill(null) };
		const run = { ...record, files: {}, model };
		expect(defaultUrl(run)).toMatchObject({ context, batch, dtype });
	});
	it('fit a small model on the page', () => {
		const small = { layers: 3, maxPositions: 64 };
		expect(damageFields({ model: small }, samples)).toMatchObject({ context: 64, maxSpan: 3 });
		expect(evaluateFields({ model: small }, samples)).toMatchObject({ context: 64 });
		expect(tuneFields(small, samples)).toMatchObject({ context: 64 });
		expect(searchFields({ model: small }, samples)).toMatchObject({ context: 64, maxSpan: 3 });
	});
});
