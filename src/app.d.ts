import type { Workbench } from '$lib/server/workbench.ts';

declare global {
	namespace App {
		interface Locals {
			workbench: Workbench;
		}
		interface PageState {
			/** On a run: number of the plan's change that this entry of the history shows. */
			planStep?: number;
		}
	}
}

export {};
