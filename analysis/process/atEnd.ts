const actions = new Set<() => void>();

/**
 * Has something done when the process ends, at once and in order, unless the function that this returns is called before. A process that
 * a signal ends calls `runAtEnd` first: there is no `exit` event then.
 */
export function atEnd(action: () => void): () => void {
	if (actions.size === 0) process.once('exit', runAtEnd);
	actions.add(action);
	return () => {
		actions.delete(action);
		if (actions.size === 0) process.off('exit', runAtEnd);
	};
}

/** Does now what is to be done when the process ends. */
export function runAtEnd(): void {
	for (const action of actions) action();
	actions.clear();
}
