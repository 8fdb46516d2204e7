"""The job of bench line (f), done with Hugging Face transformers.

    python3 bench/reference.py MODEL_FOLDER THREADS REPEATS CONTEXT [CONTEXT ...]

Prints JSON: milliseconds of each repeat by context. Eager attention with output_attentions, then one torch
matrix product for the Gram matrix of all heads of all layers. Exits 3 where torch or transformers is missing.
"""

import json
import sys
import time

try:
    import torch
    import transformers
except ImportError as error:
    print(error, file=sys.stderr)
    sys.exit(3)

folder, threads, repeats, *contexts = sys.argv[1:]
torch.set_num_threads(int(threads))
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
model = transformers.AutoModelForCausalLM.from_pretrained(
    folder, dtype=torch.float32, attn_implementation="eager"
).eval()
times = {}
with torch.inference_mode():
    for context in map(int, contexts):
        ids = torch.tensor([[(i * 37) % model.config.vocab_size for i in range(context)]])
        times[context] = []
        for repeat in range(int(repeats) + 1):
            started = time.perf_counter()
            attentions = model(ids, output_attentions=True, use_cache=False).attentions
            rows = torch.cat([layer[0].flatten(1) for layer in attentions])
            gram = rows @ rows.T
            if repeat > 0:
                times[context].append(1000 * (time.perf_counter() - started))
print(json.dumps({"torch": torch.__version__, "transformers": transformers.__version__, "ms": times}))
