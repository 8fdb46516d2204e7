/** Queries a window the js metric looks at, unless told otherwise; the same as the command's. */
export const DEFAULT_JS_ROWS = 32;
