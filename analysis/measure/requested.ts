import { withModel, type Model } from '../model/open.ts';
import { checkSameModel, refuseKnownOther } from '../model/sameModel.ts';
import type { Request } from './kind.ts';

type Named = Pick<Request, 'modelFolder' | 'modelHash' | 'home'>;

/**
 * Opens the model that a request names, once for all that is done with it. Throws InputError where it has other weights
 * than those that it was asked for. `forOther`: see `openModel`.
 */
export function withRequested<Result>(
	{ modelFolder, modelHash, home }: Named,
	use: (model: Model) => Promise<Result>,
	options: { forOther?: boolean } = {}
): Promise<Result> {
	const checked = async (model: Model) => {
		if (modelHash !== null) await checkSameModel(model, modelHash, home);
		return use(model);
	};
	return withModel(modelFolder, checked, options);
}

/** The same for an estimate, which reads no weights: they are compared as far as their hash is known. */
export function withKnown<Result>(
	{ modelFolder, modelHash, home }: Named,
	use: (model: Model) => Promise<Result>,
	options: { forOther?: boolean } = {}
): Promise<Result> {
	const checked = async (model: Model) => {
		if (modelHash !== null) await refuseKnownOther(model, modelHash, home);
		return use(model);
	};
	return withModel(modelFolder, checked, options);
}
