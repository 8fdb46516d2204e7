import { parseJson } from '$analysis/edge/parseJson.ts';
import { isShareAtt, parseShareAtt } from '$analysis/plan/exporters/shareatt.ts';
import { makePlan, modelOfPlan, parsePlan } from '$analysis/plan/planFile.ts';
import { planSpans } from '$analysis/plan/spans.ts';
import type { Plan } from '$analysis/plan/types.ts';
import type { RunRecord } from '$analysis/workspace/run/types.ts';

/**
 * Reads a file that the user chose: a plan that Spanwise saved, or the Shared Attention authors' lists, which become a
 * plan for `model`. `matrix` [L, L] is the similarity that spans are scored by, where there is one. Throws an Error that
 * names the file.
 */
export function importedPlan(
	text: string,
	file: string,
	model: RunRecord['model'],
	matrix: Float64Array | null
): Plan {
	const json = jsonOf(text, file);
	if (!isShareAtt(json)) return parsePlan(json, file);
	const sources = parseShareAtt(json, file, model.layers);
	return makePlan({
		model: modelOfPlan(model),
		sources,
		spans: planSpans(sources, matrix),
		definition: null,
		predicted: null
	});
}

function jsonOf(text: string, file: string): unknown {
	try {
		return parseJson(text, file);
	} catch (error) {
		throw new Error(`${file}: not JSON; expected a plan or a Shared Attention list`, {
			cause: error
		});
	}
}
