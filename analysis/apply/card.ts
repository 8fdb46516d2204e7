import { basename } from 'node:path';
import * as v from 'valibot';
import { parseOrNull } from '../edge/parse.ts';
import { familyOf } from '../model/checkpoint/families.ts';
import type { CheckpointModel } from '../model/open.ts';
import { defaultSetting, savings } from '../plan/savings.ts';
import type { Plan } from '../plan/types.ts';
import { lossText } from '../text/interval.ts';
import { formatBytes, formatCount, formatPercent, formatValue } from '../text/number.ts';
import { oneLine } from '../text/oneLine.ts';
import { planCounts } from '../text/plan.ts';
import { shellLine } from '../text/shell.ts';
import { sharedModelType } from './modeling.ts';

/** Figures that a search measured on held-out text and stored in the plan; losses in nats/token. */
const measuredFigures = v.object({
	baseline: v.object({ loss: v.number() }),
	delta: v.object({
		loss: v.number(),
		low: v.nullable(v.number()),
		high: v.nullable(v.number())
	}),
	context: v.number(),
	windows: v.number()
});

/** The modules that project queries, keys, values and the output, of followers too, in quotes. */
function projections(architecture: string): string[] {
	const { roles, fused } = familyOf({ architecture }).tensors;
	const stored = (['q', 'k', 'v', 'o'] as const).map(
		(part) => fused.find(({ parts }) => parts.includes(part))?.stored ?? roles[part]
	);
	const names = [...stored.slice(0, 3), roles.v, stored[3]];
	return [...new Set(names.map((name) => `"${name?.split('.').at(-1) ?? ''}"`))];
}

/** README.md of a folder that was written for transformers: how it is loaded, its plan, its figures, where it comes from. */
export function modelCard(
	model: CheckpointModel,
	{
		plan,
		hash,
		command,
		out
	}: { plan: Plan; hash: string; command: string | undefined; out: string }
): string {
	const { facts } = model;
	const name = oneLine(model.name);
	const { architecture, layers } = model.checkpoint.config;
	const folder = basename(out);
	// A string of JSON is one of Python too.
	const inPython = JSON.stringify(folder);
	return `---
library_name: transformers
pipeline_tag: text-generation
tags: [spanwise, shared-attention, custom_code]
---

# ${name} with shared attention weights

Made with Spanwise from ${name} (${facts.layers} layers, counted from 0): ${planCounts(plan.sources)}. A follower reuses its
source's attention weights, after softmax, on its own values. It has no query and key projections, and no keys in the cache.

\`\`\`python
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained(${inPython}, trust_remote_code=True)
tokenizer = AutoTokenizer.from_pretrained(${inPython}, trust_remote_code=True)
\`\`\`

\`trust_remote_code\` lets transformers (5.0 or newer) run modeling_spanwise.py of this folder. Without it the folder is
refused, because its model_type is \`${sharedModelType(architecture)}\`: as the plain model it would get random weights for every
follower. Any attention kernel will do (\`attn_implementation\`), and so will generate, DynamicCache, StaticCache,
torch.compile, LoRA and FSDP2. Gradient checkpointing needs \`use_reentrant=False\`, its default; the other form is refused.
With PEFT name the \`target_modules\`, for example \`[${projections(architecture).join(', ')}]\`.

lm-evaluation-harness scores it by

    ${shellLine(['lm_eval', '--model', 'hf', '--model_args', `pretrained=${folder},trust_remote_code=True`, '--tasks', 'hellaswag'])}

Spanwise reads the folder too: \`${shellLine(['spanwise', 'analyze', folder])}\`.

## Plan

${planLines(plan, layers).join('\n')}

The plan is under \`spanwise\` in config.json.

## Figures

${figureLines(model, plan).join('\n')}

## Origin

- model: ${name}, SHA-256 of its weights \`${hash}\`
- plan: made for weights \`${plan.model.hash}\`, by Spanwise ${plan.createdBy.version}, ${plan.createdAt}
${command === undefined ? '' : `- command: \`${oneLine(command)}\`\n`}
spanwise.json holds the plan, the SHA-256 of every file and what the comparison with the engine found.
`;
}

function planLines({ sources, spans, repair }: Plan, layers: number): string[] {
	const dropped = sources.flatMap((source, layer) => (source === null ? [layer] : []));
	return [
		...spans.map(
			({ source, followers, headMap }) =>
				`- layer ${source}: its attention is reused by ${followers.join(', ')}${headMap === 'identity' ? '' : ', heads mapped'}`
		),
		...(dropped.length === 0 ? [] : [`- attention dropped: ${dropped.join(', ')}`]),
		`- ${sources.filter((source, layer) => source === layer).length} of ${layers} layers compute their own attention`,
		...(repair === null
			? []
			: [`- output projections refitted without training, strength ${repair.strength}`])
	];
}

function figureLines({ facts }: CheckpointModel, plan: Plan): string[] {
	const saved = plan.predicted ?? savings(facts, plan.sources, defaultSetting(facts));
	const lines = [
		`- savings (predicted, ${saved.context} tokens, ${saved.elementBytes} bytes per element): ` +
			`${formatPercent(saved.kCache.shareOfKv)} of the K and V cache (${formatBytes(saved.kCache.bytes + saved.vCache.bytes)}), ` +
			`${formatCount(saved.parameters.count)} parameters (${formatPercent(saved.parameters.share)}), ` +
			`${formatPercent(saved.prefill.share)} of prefill FLOP. A fused kernel computes QKᵀ of followers again.`
	];
	const measured = parseOrNull(measuredFigures, plan.measured);
	lines.push(
		measured === null
			? '- loss increase: not measured; run spanwise evaluate'
			: `- loss increase (measured on held-out text, ${measured.windows} × ${measured.context} tokens): ` +
					`${lossText(measured.delta)} nats/token over ${formatValue(measured.baseline.loss)}`
	);
	return lines;
}
