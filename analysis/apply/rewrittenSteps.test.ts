import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cachedOnnx, FORMS, VOCAB, type Form } from '../../tests/builders/cachedOnnx.ts';
import { deploy } from '../../tests/builders/deployed.ts';
import { writeOnnxFolder } from '../../tests/builders/onnxFolder.ts';
import { DecoderSession } from '../engine/deploySession.ts';
import { openOnnx } from '../model/onnx/open.ts';
import { makePlan } from '../plan/planFile.ts';
import { planSpans } from '../plan/spans.ts';
import type { Sources } from '../plan/types.ts';
import { onnxDecoderNames } from '../measure/bench/benchOnnx.ts';

let scratch: string;
beforeAll(async () => {
	scratch = await mkdtemp(join(tmpdir(), 'spanwise-steps-'));
});
afterAll(() => rm(scratch, { recursive: true }));

let folders = 0;
function newFolder(): string {
	return join(scratch, `folder-${folders++}`);
}

const SEQUENCES = 2;
const A = Array.from({ length: 24 }, (_, at) => (at * 17 + 3) % VOCAB);
const B = Array.from({ length: 24 }, (_, at) => (at * 11 + 8) % VOCAB);

async function written(form: Form, sources: Sources, skipNorms: boolean): Promise<DecoderSession> {
	const file = await writeOnnxFolder(newFolder(), cachedOnnx({ form, skipNorms }), {
		dataFiles: 2
	});
	const model = { name: 'm', architecture: 'ONNX', layers: 4, heads: 4, kvHeads: 2, hash: '' };
	const spans = planSpans(sources, null, () => [3, 3, 0, 1]);
	const plan = makePlan({ model, sources, spans, definition: null, predicted: null });
	const out = await deploy(file, newFolder(), { plan, dtype: null });
	const original = await openOnnx(file);
	const { names } = onnxDecoderNames(original, original.facts, SEQUENCES);
	return DecoderSession.open(join(out, 'model.onnx'), { dataFolder: null, names });
}

function difference(a: Float32Array, b: Float32Array): number {
	if (a.length !== b.length) return Infinity;
	return a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at])), 0);
}

describe('an ONNX model written with a plan, heads mapped and a layer dropped', () => {
	const cases = FORMS.flatMap((form) =>
		[[0, 1, 1, null] as Sources, [null, 1, 1, 1] as Sources].flatMap((sources) =>
			[false, true].map((skipNorms) => ({ form, sources, skipNorms }))
		)
	);
	it.each(cases)(
		'$form as $sources, norms that add: $skipNorms: reads two sequences token by token as it reads each at once',
		async ({ form, sources, skipNorms }) => {
			const session = await written(form, sources, skipNorms);
			const whole = await Promise.all([A, B].map((ids) => session.read(session.start(1), [ids])));
			const state = session.start(SEQUENCES);
			const both = await session.read(state, [A.slice(0, 16), B.slice(0, 16)]);
			const steps = [both.subarray(0, 16 * VOCAB), both.subarray(16 * VOCAB)].map((each) => [
				...each
			]);
			for (let at = 16; at < A.length; at++) {
				const next = await session.read(state, [[A[at]], [B[at]]]);
				steps[0].push(...next.subarray(0, VOCAB));
				steps[1].push(...next.subarray(VOCAB));
			}
			await session.release();
			for (const [at, logits] of whole.entries()) {
				expect(difference(logits, Float32Array.from(steps[at]))).toBeLessThan(2e-5);
			}
			expect(difference(whole[0], whole[1])).toBeGreaterThan(0.1);
		}
	);
});
