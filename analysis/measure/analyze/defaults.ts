/** Tokens in a window, BOS included. */
export const DEFAULT_CONTEXT = 512;
export const DEFAULT_WINDOWS = 8;
/** Queries per window that the js metric looks at. */
export const DEFAULT_JS_ROWS = 32;
