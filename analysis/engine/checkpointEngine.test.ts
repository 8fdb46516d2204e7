import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../../tests/builders/checkpoint.ts';
import { openModel, requireCheckpoint, type CheckpointModel } from '../model/open.ts';
import { checkpointEngine } from './checkpointEngine.ts';
import { engineWords } from './path.ts';

/** So many that two of them are little of the model. */
const LAYERS = 24;
const ENOUGH = 2e9;
const STATISTICS = {
	views: ['all' as const],
	gram: true,
	sqrt: false,
	jsQueries: null,
	windowCount: 1
};

let folder: string;
let model: CheckpointModel;
beforeAll(async () => {
	folder = await mkdtemp(join(tmpdir(), 'spanwise-engine-'));
	await writeTinyCheckpoint(folder, {
		config: { num_hidden_layers: LAYERS, intermediate_size: 4096 }
	});
	const opened = await openModel(folder);
	requireCheckpoint(opened);
	model = opened;
});
afterAll(async () => {
	await model.close();
	await rm(folder, { recursive: true });
});

const samples = [{ context: 8, scored: 7, windowCount: 1 }];
const whole = { context: 8, longest: 8, windowCount: 1 };
const plan = { sources: Array.from({ length: LAYERS }, (_, layer) => layer) };

/** Forecast of each verb under a limit. */
function forecasts(limitBytes: number) {
	const engine = checkpointEngine(model);
	return [
		engine.capture(8, STATISTICS, limitBytes),
		engine.compare(plan, { ...whole, limitBytes }),
		engine.plans({ samples, limitBytes })
	];
}

/** Less than all weights take, and enough for a layer at a time. */
function tooLittle(): number {
	const [{ memory }] = forecasts(ENOUGH);
	return memory.bytes - 10e6;
}

describe('every verb says', () => {
	it('that the weights are in memory, and no more', () => {
		for (const { path, notes } of forecasts(ENOUGH)) {
			expect(path).toEqual({ path: 'resident', device: 'cpu', dtype: 'float32' });
			expect(notes).toEqual(model.notes);
		}
	});

	it('that they are read layer by layer, and why', () => {
		const { limitBytes } = forecasts(tooLittle())[0].memory;
		for (const { path, notes } of forecasts(limitBytes)) {
			expect(path.path).toBe('streamed');
			expect(notes.join()).toContain(
				'weights are read and widened layer by layer, which is slower: all'
			);
		}
	});
});

describe('a device', () => {
	it('chosen by itself is the CPU where weights are read layer by layer', () => {
		const engine = checkpointEngine(model, { device: 'auto', dtype: 'float32' });
		const { notes } = engine.capture(8, STATISTICS, tooLittle());
		expect(notes).toContain('runs on the CPU: a model whose weights are read layer by layer does');
	});

	it('that holds all weights is refused there, with the reason', () => {
		const engine = checkpointEngine(model, { device: 'webgpu', dtype: 'float32' });
		expect(() => engine.capture(8, STATISTICS, tooLittle())).toThrow(
			'device webgpu: it holds all weights of a model, which are read layer by layer here: all of them do not fit under the limit'
		);
	});
});

it('is said in words', () => {
	const path = { path: 'streamed', device: 'cpu', dtype: 'float32' } as const;
	expect(engineWords({ name: 'onnxruntime', ...path })).toBe(
		'onnxruntime on cpu in float32, weights read layer by layer'
	);
	expect(engineWords({ name: 'torch', device: 'cuda:0', dtype: 'bfloat16' })).toBe(
		'PyTorch on cuda:0 in bfloat16'
	);
});
