/** The model without and with the plan, as graphs and what they put out name them. */
export const MODEL_VARIANTS = ['baseline', 'shared'] as const;
export type ModelVariant = (typeof MODEL_VARIANTS)[number];

/** Of a comparison: both run every window. */
export const VARIANT_COUNT = MODEL_VARIANTS.length;
