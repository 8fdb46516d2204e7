import { checkFinite } from '../finite.ts';
import { MODEL_VARIANTS, type ModelVariant } from '../graph/modelVariants.ts';
import type { Compared } from '../engine/variants.ts';

/** Names of the two models in messages. */
export const VARIANT_NAMES: Readonly<Record<ModelVariant, string>> = {
	baseline: 'baseline',
	shared: 'planned'
};

/**
 * Throws InputError for a loss or a divergence of windows that is not finite: one such value makes all that is computed
 * from it none. `model` names the model, and `nameOf` a window: "window 3".
 */
export function checkWindows(
	group: readonly Compared<unknown>[],
	model: string,
	nameOf: (index: number) => string
): void {
	for (const [index, { comparison }] of group.entries()) {
		const name = nameOf(index);
		for (const variant of MODEL_VARIANTS)
			checkFinite(comparison[variant], model, `${name}: ${VARIANT_NAMES[variant]}, the loss`);
		checkFinite(comparison.kl, model, `${name}: ${VARIANT_NAMES.shared}, the divergence`);
	}
}
