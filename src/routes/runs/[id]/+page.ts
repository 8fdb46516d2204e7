import { error } from '@sveltejs/kit';
import type { RunRecord } from '$analysis/run/types.ts';
import type { ErrorAnswer } from '$lib/api.ts';
import type { PageLoad } from './$types';

export const load: PageLoad = async ({ fetch, params }) => {
	const response = await fetch(`/api/runs/${params.id}`);
	if (!response.ok) {
		const { message } = (await response.json()) as ErrorAnswer;
		error(response.status, message);
	}
	return { run: (await response.json()) as RunRecord };
};
