import type { Reporter } from '../../telemetry/reporter.ts';
import type { LayerRepairs } from '../../engine/repair/repairs.ts';
import type { Plans } from '../../engine/plans.ts';
import { encodeRepairs, repairHash } from '../../engine/repair/file.ts';
import {
	countsOf,
	fileStem,
	kindOf,
	nameOf,
	variantOf,
	type Candidate,
	type MadePlan
} from './candidate.ts';
import type { LossMeter } from './lossMeter.ts';
import type { PreparedSearch } from './prepare.ts';
import { REPAIR_STRENGTHS } from './constants.ts';
import { caseName } from './variant.ts';

/** Refitted weights, as the file that a plan names. */
export interface Refit {
	/** A bare file name. */
	file: string;
	bytes: Uint8Array;
}

/** A plan whose output projections were refitted. */
export interface RepairedPlan {
	candidate: Candidate;
	refit: Refit;
}

interface Deps {
	prepared: PreparedSearch;
	plans: Pick<Plans, 'repair'>;
	meter: LossMeter;
	reporter: Reporter;
	/** Called after each layer of each window. */
	onLayer: () => void;
}

/**
 * Every plan that changes anything once more, its output projections refitted on the search part, with the
 * strength that costs least on the choose part.
 */
export async function repairPlans(made: readonly MadePlan[], deps: Deps): Promise<RepairedPlan[]> {
	const fits = new Map<string, Promise<Fit>>();
	const repaired: RepairedPlan[] = [];
	for (const plan of made) {
		if (kindOf(plan.sources) === 'none') continue;
		// Several planners may find the same plan.
		const key = caseName({ ...plan });
		const fit = fits.get(key) ?? fitPlan(plan, deps);
		fits.set(key, fit);
		const { layers, strength, bytes, sha256 } = await fit;
		const file = `${fileStem(nameOf(plan.maker, true))}.safetensors`;
		repaired.push({
			candidate: { ...plan, repair: { layers, named: { file, sha256, strength } } },
			refit: { file, bytes }
		});
	}
	return repaired;
}

interface Fit {
	layers: LayerRepairs;
	strength: number;
	bytes: Uint8Array;
	sha256: string;
}

async function fitPlan(
	plan: MadePlan,
	{ prepared, plans, meter, reporter, onLayer }: Deps
): Promise<Fit> {
	const { checkpoint, parts } = prepared;
	// Dropped layers get their mean output, whatever the strength.
	const strengths = countsOf(plan.sources).followers > 0 ? REPAIR_STRENGTHS : [1];
	const fitted = await plans.repair(plan, parts.search, strengths, (work, window, layer) => {
		if (layer === null) {
			reporter.add(work, 'refitting', window);
			return;
		}
		reporter.addLayer(work, 'refitting', window, layer);
		onLayer();
	});
	const fits = fitted.map((layers, at) => {
		const bytes = encodeRepairs(layers, checkpoint.config);
		return { layers, strength: strengths[at], bytes, sha256: repairHash(bytes) };
	});
	const added = await meter.added(
		'choose',
		fits.map(({ layers, sha256, strength }) =>
			variantOf({ ...plan, repair: { layers, named: { file: '', sha256, strength } } })
		)
	);
	const losses = added.map(({ loss }) => loss);
	return fits[losses.indexOf(Math.min(...losses))];
}
