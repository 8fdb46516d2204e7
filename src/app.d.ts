import type { Workbench } from '$lib/server/workbench.ts';

declare global {
	namespace App {
		interface Locals {
			workbench: Workbench;
		}
	}
}

export {};
