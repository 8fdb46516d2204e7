/** Lengths that long in-context probes may have, in tokens. */
export const PROBE_LENGTHS = { least: 64, most: 8192 } as const;

/** Lengths that the page offers. */
export const OFFERED_LENGTHS = [512, 1024, 2048, 4096, 8192] as const;

/** Most lengths that are measured at once. */
export const MOST_LENGTHS = 8;
