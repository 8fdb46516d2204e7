"""optimum_tokens.py FOLDER BATCHES COUNT: greedy tokens by optimum, prompts padded on the left as it does it."""

import json
import sys

import torch
from optimum.onnxruntime import ORTModelForCausalLM

folder, batches, count = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
model = ORTModelForCausalLM.from_pretrained(folder)

found = []
for batch in batches:
    longest = max(map(len, batch))
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for at, prompt in enumerate(batch):
        ids[at, longest - len(prompt) :] = torch.tensor(prompt)
        mask[at, longest - len(prompt) :] = 1
    length = {"min_new_tokens": count, "max_new_tokens": count, "pad_token_id": 0}
    sequences = model.generate(input_ids=ids, attention_mask=mask, do_sample=False, **length)
    found.append(sequences[:, longest:].tolist())
print(json.dumps(found))
