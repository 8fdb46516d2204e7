"""genai.py FOLDER BATCHES COUNT: greedy tokens by onnxruntime-genai, prompts padded on the right as it does it."""

import json
import sys

import numpy
import onnxruntime_genai as genai

folder, batches, count = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3])
model = genai.Model(folder)
with open(f"{folder}/genai_config.json") as file:
    pad = json.load(file)["model"]["pad_token_id"]

found = []
for batch in batches:
    longest = max(map(len, batch))
    ids = numpy.full((len(batch), longest), pad, dtype=numpy.int32)
    for row, prompt in zip(ids, batch, strict=True):
        row[: len(prompt)] = prompt
    params = genai.GeneratorParams(model)
    end = longest + count
    params.set_search_options(max_length=end, min_length=end, batch_size=len(batch))
    generator = genai.Generator(model, params)
    generator.append_tokens(ids if len(batch) > 1 else ids[0])
    while not generator.is_done():
        generator.generate_next_token()
    found.append([generator.get_sequence(at).tolist()[longest:] for at in range(len(batch))])
print(json.dumps(found))
