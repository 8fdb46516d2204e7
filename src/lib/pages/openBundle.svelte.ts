import { goto } from '$app/navigation';
import { messageOf } from '$analysis/errors.ts';
import type { ImportedBundle } from '../client/api.ts';
import { requestJson } from '../client/request.ts';
import type { Dropped } from '../forms/dropped.svelte.ts';

/** Hands a run bundle to the server and goes to its run; what became of it is said at the top of every page. */
export async function openBundle(file: File, dropped: Dropped): Promise<void> {
	dropped.opened = `Opening ${file.name} …`;
	try {
		const { run, words } = await requestJson<ImportedBundle>(
			`/api/bundles?name=${encodeURIComponent(file.name)}`,
			{ method: 'POST', body: file, headers: { 'content-type': 'application/zip' } }
		);
		await goto(`/runs/${run}`, { invalidateAll: true });
		dropped.opened = `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
	} catch (error) {
		dropped.opened = null;
		dropped.problems = [...dropped.problems, messageOf(error)];
	}
}
