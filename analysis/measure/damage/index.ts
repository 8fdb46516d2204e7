import type { Model } from '../../model/open.ts';
import type { Measurement, Request, Running } from '../kind.ts';
import { withKnown, withRequested } from '../requested.ts';
import { windowWords } from '../settings.ts';
import { opening } from '../torchFlags.ts';
import type { DamageOptions } from './damage.ts';
import { DAMAGE_DEFAULTS } from './defaults.ts';
import { damageFlags, damageSettings, type DamageSettings } from './settings.ts';
import { damageBrief, damageChanges, damageForm, damageSummary } from './stored.ts';
import type { Damage, DamageRequest } from './types.ts';

/** Damage map: loss increase of every dropped layer, shared pair and shared span. */
export const damage = {
	kind: 'damage',
	name: 'damage map',
	noun: 'a damage map',
	key: 'damage',
	takes: ['texts'],
	samples: DAMAGE_DEFAULTS.samples,
	settings: damageSettings,
	flags: damageFlags,
	resumes: true,
	help: {
		about: 'measure the loss increase of every drop, pair and span',
		more: `
Measures the loss increase, in nats/token, on windows of the text: for each layer that its attention is dropped;
for each pair source < follower that this one follower reuses the source's attention; for each span up to
--max-span that all of it is shared. output of a pair is 1 − ‖(P_l − P_m) V_m W_O‖ / ‖P_m V_m W_O‖. Layers of
different sliding windows are never paired: null. Each case's recall is measured on probes of 512 tokens, or as many
as --recall-tokens says: the loss on the second copy of a passage that comes again. Intervals are 95%, by bootstrap over documents, then
windows, or over blocks of windows where there is one document.

Results are written to a file as they come, so that Ctrl-C loses one case at most: the same command goes on from there.
JSON: {baseline, drop, pairs: [{source, follower, loss, low, high, output}],
spans: [{source, last, loss, low, high}], recall: {baseline, drop, pairs, spans, windows}, evaluations: {done, naive}, interval}.

Examples:
  spanwise damage mini-llama2 --text static/samples/walden.txt --context 256 --windows 4 --max-span 4
  spanwise damage mini-llama2 --text static/samples/walden.txt --engine torch --device cuda`
	},
	extent: ({ context, windows }) => ({ context, windows }),
	extentWords: windowWords,
	async estimate(request) {
		const { estimateDamage } = await import('./estimate.ts');
		return withKnown(
			request,
			(model) => estimateDamage(model, damageRequest(request, null)),
			opening(request.settings)
		);
	},
	async run(request, running) {
		// Only here: onnxruntime takes long to load.
		const { measureDamage } = await import('./damage.ts');
		const asked = damageRequest(request, running.out);
		const measured = (model: Model) =>
			measureDamage(model, asked, optionsOf(model, request, running), request.parts);
		return { figures: await withRequested(request, measured, opening(request.settings)) };
	},
	async measureShard(request, running, shard) {
		const { damageShard } = await import('./damage.ts');
		const asked = { ...damageRequest(request, null), shard };
		const measured = (model: Model) =>
			damageShard(model, asked, optionsOf(model, request, running));
		return withRequested(request, measured, opening(request.settings));
	},
	figures: damageForm,
	about: ({ model, texts, context, windows }) => ({ model, texts, context, windows }),
	summary: damageSummary,
	brief: { key: 'damage', of: damageBrief },
	changes: damageChanges
} as const satisfies Measurement<DamageSettings, Damage>;

/** Callbacks of the measurement, which say what it will take. */
function optionsOf(
	model: Model,
	{ home }: Request<DamageSettings>,
	{ onProgress, onPrepared }: Running
): DamageOptions {
	return {
		onProgress,
		async onPrepared(forecast) {
			if (onPrepared === undefined) return;
			const { estimateOf } = await import('../../engine/estimate.ts');
			const { found, all } = forecast.results;
			const there = found === 0 ? '' : `; ${found} of ${all} are there`;
			await onPrepared({
				name: model.name,
				estimate: await estimateOf(forecast, home),
				notes: [`results are kept in ${forecast.progressFile}${there}`],
				progressFile: forecast.progressFile
			});
		}
	};
}

/** `progressFile` null: the workspace's own, from which a measurement that was stopped goes on. */
function damageRequest(
	{ modelFolder, documents, memoryLimitBytes, home, settings }: Request<DamageSettings>,
	progressFile: string | null
): DamageRequest {
	return { modelFolder, documents, memoryLimitBytes, home, progressFile, ...settings };
}
