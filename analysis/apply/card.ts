import { FAMILIES } from '../model/checkpoint/families.ts';
import type { Architecture, Checkpoint } from '../model/checkpoint/types.ts';
import type { Plan } from '../plan/types.ts';

/**
 * `model_type` of a checkpoint that a plan is applied to: none that transformers knows, so that it refuses what it would
 * otherwise load with random weights in place of those that followers do not have.
 */
export function sharedModelType(architecture: Architecture): string {
	return `spanwise_${FAMILIES[architecture].modelType}`;
}

/** Puts a layer's stored mean output where Hugging Face's class has no bias of its own. */
const MEAN_OUTPUTS = `    with safe_open(f"{folder}/model.safetensors", "pt") as file:
        for layer, source in enumerate(sources):
            name = f"model.layers.{layer}.self_attn.o_proj.bias"
            if source is None and name in file.keys():
                o_proj = model.model.layers[layer].self_attn.o_proj
                o_proj.bias = torch.nn.Parameter(file.get_tensor(name).to(o_proj.weight))
`;

function snippet(withMeanOutputs: boolean): string {
	return `import json
${withMeanOutputs ? '\nimport torch\nfrom safetensors import safe_open' : ''}
import transformers
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask
from transformers.models.llama.modeling_llama import eager_attention_forward, repeat_kv


def load_shared(folder, **options):
    with open(f"{folder}/config.json") as file:
        config = json.load(file)
    plan = config["spanwise"]
    # Its type is not that of the plain model, so that nothing loads it as one; save_pretrained keeps it.
    model_class = getattr(transformers, config["architectures"][0])
    plain = model_class.config_class
    config_class = type("Spanwise" + plain.__name__, (plain,), {"model_type": config["model_type"]})
    sources = plan["sources"]
    head_maps = {
        follower: heads
        for span in plan["spans"]
        if span["headMap"] != "identity"
        for follower, heads in zip(span["followers"], span["headMap"])
    }
    kept = {}  # attention weights of each source, until its followers have used them

    def attend(module, query, key, value, attention_mask, scaling, **rest):
        layer = module.layer_idx
        source = sources[layer]
        if source is None:
            return query.new_zeros(query.transpose(1, 2).shape), None
        if source == layer:
            output, kept[layer] = eager_attention_forward(
                module, query, key, value, attention_mask, scaling=scaling, **rest
            )
            return output, kept[layer]
        weights = kept[source]
        if layer in head_maps:
            weights = weights[:, head_maps[layer]]
        values = repeat_kv(value, module.num_key_value_groups)
        return (weights @ values).transpose(1, 2).contiguous(), weights

    AttentionInterface.register("spanwise", attend)
    AttentionMaskInterface.register("spanwise", eager_mask)
    model = model_class.from_pretrained(
        folder, config=config_class(**config), attn_implementation="spanwise", **options
    )
${withMeanOutputs ? MEAN_OUTPUTS : ''}    return model
`;
}

/** README.md of a checkpoint that was written with a plan: what it is, and how transformers loads it. */
export function modelCard(checkpoint: Checkpoint, plan: Plan, withMeanOutputs: boolean): string {
	const spans = plan.spans.map(
		({ source, followers }) => `- layer ${source}: reused by ${followers.join(', ')}`
	);
	const leftOut = plan.sources.flatMap((source, layer) => (source === null ? [layer] : []));
	if (leftOut.length > 0) spans.push(`- no attention: ${leftOut.join(', ')}`);
	return `---
library_name: transformers
tags: [spanwise, shared-attention]
---

# ${checkpoint.name} with shared attention weights

Made with Spanwise from ${checkpoint.name}, ${checkpoint.config.layers} layers, counted from 0. A follower reuses its source's
attention weights, after softmax, on its own values; its q and k tensors are not in this checkpoint. The plan is
under \`spanwise\` in config.json.

${spans.join('\n')}

Spanwise reads this folder as it is. \`from_pretrained\` alone refuses it, because its model_type is
\`${sharedModelType(checkpoint.config.architecture)}\`: as the plain model it would get random q and k for every follower. Load it with
transformers 5 (tested with 5.18 and 5.24) by this function:

\`\`\`python
${snippet(withMeanOutputs)}\`\`\`

transformers says that tensors are missing and newly initialized: those of the followers, which are not used.
Fine-tuning leaves them alone; with PEFT, do not adapt them.
`;
}
