import { Option } from 'commander';
import { planSetting } from '../analysis/measure/results/result.ts';
import type { Evaluation } from '../analysis/measure/evaluate/types.ts';
import { evaluateText } from './evaluateText.ts';
import { enforceGates, gatesFrom } from './gates.ts';
import { say } from './io.ts';
import type { Own } from './measurement.ts';
import { writePlan } from './planFile.ts';

/** What `spanwise evaluate` has beyond its kind. */
export const evaluateOwn: Own<Evaluation> = {
	options: [
		new Option('--gates <file>', 'gates as JSON'),
		new Option('--write', 'write what was measured into the plan file')
	],
	planMissing:
		'--plan: missing; evaluate compares a model with and without a plan: spanwise plan RUN --followers 4 --out plan.json makes one',
	/** Gates of a file; those given as flags stand before them. */
	async prepare({ gates: file }, { gates }) {
		return { gates: { ...(await gatesFrom(file as string | undefined)), ...(gates as object) } };
	},
	remarks: ({ warning }) => (warning === null ? [] : [`warning: ${warning}`]),
	text: evaluateText,
	async printed({ figures, settings }, { write, plan: file }, io) {
		const plan = planSetting(settings);
		if (write !== true || plan === null || file === undefined) return;
		const { measuredPlan } = await import('../analysis/measure/evaluate/measuredPlan.ts');
		await writePlan(file, measuredPlan(plan, figures));
		say(io, `wrote what was measured into ${file}`);
	},
	kept: ({ report }, io) => enforceGates(report.gates, io)
};
