import type { DeployRecord } from '../analysis/apply/types.ts';
import { formatBytes } from '../analysis/text/number.ts';
import { countWords } from '../analysis/text/plan.ts';
import { formatFacts } from './table.ts';

/** Formats the record of a written model for a person. */
export function applyText(record: DeployRecord, folder: string): string {
	const { model, plan, cache, files, verified, dtype, weights, target, padding, rounding } = record;
	const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
	const followers = cache.values.length - cache.keys.length;
	const dropped = model.layers - cache.values.length;
	const facts: [string, string][] = [
		[
			'wrote',
			`${folder}: ${target}${dtype === null ? '' : ` ${dtype}`}${weights === undefined ? '' : `, weights ${weights}`}, ${formatBytes(bytes)}`
		],
		['model', `${model.name}, ${model.layers} layers`],
		['plan', plan === null ? 'none: the model unchanged' : countWords({ followers, dropped })],
		['cache', `keys of ${cache.keys.length} layers, values of ${cache.values.length}`]
	];
	if (verified === null) facts.push(['verified', 'not asked for']);
	else {
		const { tokens, difference, cachedDifference, tolerance, cachedTolerance } = verified;
		const own = verified.ownDifference;
		const cached =
			cachedDifference === null
				? ''
				: `, through the cache by ${cachedDifference.toExponential(1)}`;
		facts.push([
			'verified',
			`${tokens} tokens: logits differ by ${difference.toExponential(1)}${cached}; allowed ${tolerance.toExponential(1)}${cachedTolerance === undefined ? '' : `, through the cache ${cachedTolerance.toExponential(1)}`}`
		]);
		if (own !== undefined) {
			facts.push([
				'rounding',
				`activations are rounded to 8 bits: read through its cache, the original's own logits differ by ${own.toExponential(1)}, and twice that is allowed; to compare more closely, apply the plan to an export that does not round them (MatMulNBits with an accuracy_level below 4)`
			]);
		}
	}
	if (rounding !== undefined) {
		const { tokens, loss, roundedLoss, difference } = rounding;
		facts.push([
			'rounding',
			`to ${weights}, on ${tokens} tokens: loss ${loss.toFixed(3)} → ${roundedLoss.toFixed(3)} nats/token; logits differ by up to ${difference.toPrecision(2)}`
		]);
	}
	const { transformers } = record;
	if (transformers !== null) {
		const { version, difference, cachedDifference } = transformers;
		facts.push([
			'loaded by',
			`transformers ${version}: logits differ by ${difference.toExponential(1)}, through the cache by ${(cachedDifference ?? 0).toExponential(1)}`
		]);
	}
	if (padding === 'right') facts.push(['batches', 'prompts of unlike length: pad on the right']);
	return formatFacts(facts);
}
