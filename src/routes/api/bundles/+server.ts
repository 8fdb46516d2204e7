import { InputError } from '$analysis/errors.ts';
import type { ImportedBundle } from '$lib/client/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import { saveBody } from '$lib/server/http/savedBody.ts';
import { withTemporaryFile } from '$lib/server/temporary.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ request, url, locals }) =>
	answering(async () => {
		const { claim, reader, settings } = locals.workbench;
		if (claim.readOnly !== null)
			throw new InputError(`the workspace can only be looked at: ${claim.readOnly}`);
		const name = url.searchParams.get('name') ?? 'the file';
		const answer: ImportedBundle = await withTemporaryFile(async (file) => {
			await saveBody(request, file);
			const { run, words } = await reader.ask('bundleIn', { home: settings.home, file, name });
			return { run, words };
		});
		return Response.json(answer, { status: 201 });
	});
