import { expect, it } from 'vitest';
import { refused } from './refused.ts';

it('says what onnxruntime says in one line, without colours and places in its source', () => {
	const said =
		'\u001b[1;31mNon-zero status code.\u001b[m\n  /onnxruntime_src/onnxruntime/core/x/y.cc:12 void F(int) bad';
	expect(refused('m.onnx', new Error(said)).message).toBe(
		'm.onnx: onnxruntime cannot run it: Non-zero status code. void F(int) bad'
	);
	expect(refused('m.onnx', new Error('x'.repeat(100_000))).message.length).toBeLessThan(600);
});
