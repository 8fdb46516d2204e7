import { error, redirect } from '@sveltejs/kit';
import type { ModelListing } from '$analysis/model/checkpoint/types.ts';
import type { ModelReport } from '$analysis/model/catalogue/report.ts';
import { messageOf } from '$analysis/errors.ts';
import { modelPath } from '$lib/client/modelPath.ts';
import { NotFoundError } from '$lib/server/errors.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params }) => {
	const { models, runs, reader } = locals.workbench;
	const listing = await named(params.id, models);
	// Runs name their model by its folder or file.
	if (listing.id !== params.id) redirect(307, modelPath(listing.id));
	const { runs: known } = await runs.list();
	return {
		listing,
		runs: known.filter(({ model }) => model.folder === listing.folder),
		/** Comes after the page: a large graph takes a moment to follow. It is never rejected. */
		report: reader.ask('report', listing).catch((cause: unknown) => unread(listing, cause))
	};
};

/** A graph that takes too long to follow is a problem of the model, as others are. */
function unread(listing: ModelListing, cause: unknown): ModelReport {
	return { listing, layers: [], graph: null, files: [], notes: [], problem: messageOf(cause) };
}

async function named(
	id: string,
	models: App.Locals['workbench']['models']
): Promise<ModelListing> {
	try {
		return await models.named(id);
	} catch (cause) {
		if (cause instanceof NotFoundError) error(404, cause.message);
		throw cause;
	}
}
