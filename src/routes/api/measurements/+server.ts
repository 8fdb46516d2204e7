import type { Job } from '$lib/client/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import { readJson } from '$lib/server/http/body.ts';
import { keepInputs, measurementJob } from '$lib/server/measurements.ts';
import { newMeasurementSchema } from '$lib/server/newMeasurementSchema.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ request, locals }) =>
	answering(async () => {
		const asked = await readJson(request, newMeasurementSchema);
		const job = await measurementJob(asked, locals.workbench, request.signal);
		await keepInputs(asked, locals.workbench.settings.home);
		const [answer]: Job[] = locals.workbench.jobs.add([job]);
		return Response.json(answer, { status: 201 });
	});
