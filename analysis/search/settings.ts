/** Points of a front, of each kind, that are measured. */
export const FRONT_POINTS = 24;

/** Ridge strengths that are tried, in means of the diagonal of ZᵀZ. */
export const REPAIR_STRENGTHS = [0.01, 0.1, 1, 10] as const;

/** Layers of the longest span, source included, where the user does not say. */
export const DEFAULT_SEARCH_SPAN = 6;

export const DEFAULT_SEARCH_CONTEXT = 256;

/** Windows of each part, where the user does not say. */
export const DEFAULT_SEARCH_WINDOWS = 8;

export const DEFAULT_RANDOM_PLANS = 100;
