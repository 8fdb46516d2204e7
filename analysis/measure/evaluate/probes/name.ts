import type { ProbeTask } from './types.ts';

/** "key-value, 512 tokens" */
export function probeName({ task, tokens }: { task: ProbeTask; tokens: number }): string {
	return `${task}, ${tokens} tokens`;
}
