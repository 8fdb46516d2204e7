import type { LabelsAnswer } from '$lib/client/api.ts';
import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = async ({
	locals,
	depends
}): Promise<LabelsAnswer & { torch: boolean }> => {
	depends('spanwise:labels');
	const { labels, claim, hasTorch } = locals.workbench;
	return { ...(await labels.list()), readOnly: claim.readOnly, torch: hasTorch() };
};
