/** Points of a front, of each kind, that are measured. */
export const FRONT_POINTS = 8;

/** Weights of recall damage beside text damage under which exact plans are made; 0 is text alone. */
export const RECALL_WEIGHTS = [0, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2] as const;

/** Bootstrap resamples of the search part of which the plan is made again, to see how stable it is. */
export const STABILITY_RESAMPLES = 100;

/** Ridge strengths that are tried, in means of the diagonal of ZᵀZ. */
export const REPAIR_STRENGTHS = [0.01, 0.1, 1, 10] as const;
