import { torchOfRun } from '$analysis/workspace/run/torchOfRun.ts';
import { InputError } from '$analysis/errors.ts';
import { SHAPE_HEADER } from '$lib/client/api.ts';
import { answering } from '$lib/server/http/answer.ts';
import { folderOfModel } from '$lib/server/modelOfRun.ts';
import { indexOf, layersOf } from '$lib/server/http/query.ts';
import type { RequestHandler } from './$types';

/** A map is drawn for one window at a time; more than this would not fit a browser either. */
const MAX_BYTES = 1_000_000_000; // 1 GB

export const GET: RequestHandler = ({ params, url, request, locals }) =>
	answering(async () => {
		const { runs, attention, models, settings } = locals.workbench;
		const record = await runs.record(params.id);
		const { model } = record;
		const { windows } = await runs.windows(params.id);
		const window = indexOf(url, 'window', windows.length);
		const layers = layersOf(url, model.layers);
		const ids = windows[window]?.ids ?? [];
		const bytes = layers.length * model.heads * ids.length ** 2 * Float32Array.BYTES_PER_ELEMENT;
		if (bytes > MAX_BYTES) {
			throw new InputError(
				`attention maps: ${Math.round(bytes / 1e6)} MB for ${layers.length} layers of ${ids.length} tokens; at most ${MAX_BYTES / 1e6} MB. Choose a run with a smaller context`
			);
		}
		const modelFolder = await folderOfModel(model, models);
		const { data, shape } = await attention.get(
			// By what the maps are of, not by the run's id: another run may come to stand in its place.
			`${model.hash} ${ids.join(',')} ${layers.join(',')}`,
			{
				...{ modelFolder, modelHash: model.hash, home: settings.home, ids, layers },
				torch: torchOfRun(record)
			},
			request.signal
		);
		return new Response(data, {
			headers: {
				'content-type': 'application/octet-stream',
				'cache-control': 'no-store',
				[SHAPE_HEADER]: shape.join(',')
			}
		});
	});
