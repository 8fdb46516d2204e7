import type { LabelsAnswer } from '$lib/client/api.ts';
import type { TorchThere } from '$lib/forms/torchThere.ts';
import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = async ({
	locals,
	depends
}): Promise<LabelsAnswer & { torch: TorchThere }> => {
	depends('spanwise:labels');
	const { labels, claim, torch } = locals.workbench;
	return { ...(await labels.list()), readOnly: claim.readOnly, torch: torch() };
};
