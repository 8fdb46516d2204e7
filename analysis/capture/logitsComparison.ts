import * as ort from 'onnxruntime-node';
import { logitsComparisonGraph } from '../graph/logitsComparison.ts';
import type { TokenComparison } from './comparison.ts';
import type { Logits } from './onnxLogits.ts';
import { breathe, createSession, floats, tensor } from './session.ts';

/** Logits of either model compared at once, 4 MiB: what is made of them then stays in the processor's cache. */
const COMPARED_LOGITS = 2 ** 20;

/** Compares the logits of two models, some tokens at a time. */
export class LogitsComparison {
	readonly #session: ort.InferenceSession;

	private constructor(session: ort.InferenceSession) {
		this.#session = session;
	}

	static async open(): Promise<LogitsComparison> {
		return new LogitsComparison(await createSession(logitsComparisonGraph()));
	}

	/** What two models say of a window's tokens after the first. Logits are read where they lie. */
	async compare(
		ids: readonly number[],
		baseline: Logits,
		shared: Logits
	): Promise<TokenComparison> {
		const tokens = ids.length - 1;
		const { vocab } = baseline;
		const compared: TokenComparison = {
			baseline: new Float64Array(tokens),
			shared: new Float64Array(tokens),
			kl: new Float64Array(tokens),
			agree: new Uint8Array(tokens)
		};
		const step = Math.max(1, Math.floor(COMPARED_LOGITS / vocab));
		for (let first = 0; first < tokens; first += step) {
			const end = Math.min(tokens, first + step);
			const part = ({ data }: Logits) =>
				tensor(data.subarray(first * vocab, end * vocab), [end - first, vocab]);
			const targets = BigInt64Array.from(ids.slice(first + 1, end + 1), BigInt);
			const outputs = await this.#session.run({
				baseline: part(baseline),
				shared: part(shared),
				targets: new ort.Tensor('int64', targets, [end - first, 1])
			});
			compared.baseline.set(floats(outputs, 'baseline_loss'), first);
			compared.shared.set(floats(outputs, 'shared_loss'), first);
			// Never negative but for rounding.
			const divergence = floats(outputs, 'divergence').map((value) => Math.max(0, value));
			compared.kl.set(divergence, first);
			compared.agree.set(floats(outputs, 'agreement'), first);
			await breathe();
		}
		return compared;
	}

	async release(): Promise<void> {
		await this.#session.release();
	}
}
