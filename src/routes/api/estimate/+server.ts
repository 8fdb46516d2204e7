import type { MeasurementEstimate, ModelEstimate } from '$lib/client/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import { readJson } from '$lib/server/http/body.ts';
import { estimateSchema } from '$lib/server/estimateSchema.ts';
import { measurementEstimate } from '$lib/server/measurements.ts';
import { modelEstimate, prepareAnalysis } from '$lib/server/prepare.ts';
import type { RequestHandler } from './$types';

export const POST: RequestHandler = ({ request, locals }) =>
	answering(async () => {
		const asked = await readJson(request, estimateSchema);
		const { workbench } = locals;
		if ('kind' in asked) {
			const answer: MeasurementEstimate = await measurementEstimate(
				asked,
				workbench,
				request.signal
			);
			return Response.json(answer);
		}
		const prepared = await prepareAnalysis(asked, workbench, request.signal);
		const answer: ModelEstimate[] = prepared.map(modelEstimate);
		return Response.json(answer);
	});
