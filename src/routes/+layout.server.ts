import { dynamicsIds } from '$analysis/compare/storedDynamics.ts';
import type { LabelsAnswer } from '$lib/client/api.ts';
import type { TorchThere } from '$analysis/engine/torchThere.ts';
import type { LayoutServerLoad } from './$types';

export const load: LayoutServerLoad = async ({
	locals,
	depends
}): Promise<LabelsAnswer & { torch: TorchThere; trainings: boolean }> => {
	depends('spanwise:labels');
	depends('spanwise:torch');
	const { labels, claim, torch, settings } = locals.workbench;
	const trainings = (await dynamicsIds(settings.home)).length > 0;
	return { ...(await labels.list()), readOnly: claim.readOnly, torch: torch.known, trainings };
};
