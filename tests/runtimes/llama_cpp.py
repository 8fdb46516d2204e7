"""Lets llama.cpp read a GGUF file: prints, as JSON, the ids of a text, and the likeliest tokens after a prompt.

Arguments: the file, a prompt as a JSON list of ids, how many tokens to put out, and a text.
"""

import json
import sys
import urllib.request

import xllamacpp

file, prompt, count, text = sys.argv[1:5]
params = xllamacpp.CommonParams()
params.model.path = file
params.n_ctx = 256
params.n_parallel = 1
params.n_gpu_layers = 0
params.warmup = False
params.cache_type_k = xllamacpp.ggml_type.GGML_TYPE_F32
params.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
# Its fast attention computes in float16.
params.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
server = xllamacpp.Server(params)
answer = server.handle_completions(
    {
        "prompt": json.loads(prompt),
        "n_predict": int(count),
        "temperature": 0,
        "logprobs": 5,
        "ignore_eos": True,
    }
)
question = urllib.request.Request(
    f"{server.listening_address}/tokenize",
    json.dumps({"content": text, "add_special": True}).encode(),
    {"Content-Type": "application/json"},
)
words = json.load(urllib.request.urlopen(question))
steps = answer["choices"][0]["logprobs"]["content"]
print(
    json.dumps(
        {
            "tokens": words["tokens"],
            "steps": [
                {
                    "token": step["id"],
                    "top": [[each["id"], each["logprob"]] for each in step["top_logprobs"]],
                }
                for step in steps
            ],
        }
    )
)
