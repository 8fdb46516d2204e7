"""One job of `npm run bench -- --peer`, done with Hugging Face transformers.

    python bench/peer.py capture|plain MODEL THREADS WINDOWS CONTEXT

capture: attention of every layer (eager), the Gram matrix of all heads of all layers summed over windows by one matrix
product each, and the loss. plain: the forward pass and the loss alone, with the attention that transformers chooses. In
float32. Prints JSON: seconds of the windows after one that warms up, without loading; and the peak of memory in bytes.
"""

import json
import resource
import sys
import time

import torch
import transformers

job, folder, threads, windows, context = sys.argv[1:]
torch.set_num_threads(int(threads))
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
eager = {"attn_implementation": "eager"} if job == "capture" else {}
model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **eager).eval()


def run(window: int, gram):
    ids = torch.tensor([[(i * 37 + window * 101) % model.config.vocab_size for i in range(int(context))]])
    out = model(ids, labels=ids, output_attentions=job == "capture", use_cache=False)
    if job == "plain":
        return gram
    rows = torch.cat([layer[0].flatten(1) for layer in out.attentions])
    product = rows @ rows.T
    return product if gram is None else gram + product


with torch.inference_mode():
    # What a whole command does is the windows; only the plain forward is timed by itself, and warmed up.
    if job == "plain":
        run(0, None)
    started = time.perf_counter()
    total = None
    for each in range(int(windows)):
        total = run(each, total)
    seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
versions = {"torch": torch.__version__, "transformers": transformers.__version__}
print(json.dumps({"seconds": seconds, "peakBytes": peak, **versions}))
