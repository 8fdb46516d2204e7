import { DecoderSession } from '../../engine/deploySession.ts';
import { peakRssBytes } from '../../process/peakMemory.ts';
import { checkFinite } from '../../finite.ts';
import type { BenchFile, BenchRound, BenchSetting, BenchSide } from './benchTypes.ts';

const BYTES = { float32: 4, float16: 2 };

/**
 * Opens a decoder in this process. A round reads a prompt and generates greedily from it, from an empty cache; before,
 * it reads the prompt once without counting, because a process that goes on right after its own work is faster than one
 * that finds the processor's caches full of another's. A round throws InputError where a logit is not finite.
 */
export async function openBenchSide(
	{ file, dataFolder, names }: BenchFile,
	setting: BenchSetting
): Promise<BenchSide> {
	const session = await DecoderSession.open(file, { dataFolder, names });
	const { prompt, generate, batch } = setting;
	const { vocab } = session;
	// Ids spread over the vocabulary, other ones for every sequence; what they mean takes no time.
	const prompts = Array.from({ length: batch }, (_, sequence) =>
		Array.from({ length: prompt }, (_, at) => ((sequence * prompt + at) * 7919 + 13) % vocab)
	);
	const round = async (): Promise<BenchRound> => {
		const read = await session.readLast(session.start(batch), prompts);
		for (const [sequence, logits] of read.entries()) {
			checkFinite(logits, file, `prompt ${sequence}: a logit`);
		}
		const state = session.start(batch);
		const started = performance.now();
		let next = (await session.readLast(state, prompts)).map(likeliest);
		const first = performance.now();
		for (let step = 0; step < generate; step++) {
			const ids = next.map((id) => [id]);
			next = (await session.readLast(state, ids)).map(likeliest);
		}
		const ended = performance.now();
		const { userCPUTime, systemCPUTime } = process.resourceUsage();
		return {
			firstTokenSeconds: (first - started) / 1000,
			decodeSeconds: (ended - first) / 1000,
			peakRssBytes: peakRssBytes(),
			rssBytes: process.memoryUsage.rss(),
			cpuSeconds: (userCPUTime + systemCPUTime) / 1e6
		};
	};
	const cacheBytesPerToken = session.cache.reduce(
		(sum, { parts, heads, width, type }) => sum + (parts ?? 1) * heads * width * BYTES[type],
		0
	);
	return { model: { cacheBytesPerToken }, round, close: () => session.release() };
}

/** The id with the highest logit of [vocab]. */
function likeliest(logits: Float32Array): number {
	return logits.reduce((best, value, id) => (value > logits[best] ? id : best), 0);
}
