/** Points of a front, of each kind, that are measured. */
export const FRONT_POINTS = 24;

/** Ridge strengths that are tried, in means of the diagonal of ZᵀZ. */
export const REPAIR_STRENGTHS = [0.01, 0.1, 1, 10] as const;
