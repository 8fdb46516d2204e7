"""Trains a small Llama on the sample texts and writes a checkpoint at some of its steps, for `spanwise dynamics`.

    python python/examples/train_miniature.py OUT

Six layers of 128, the tokenizer of mini-llama2; a few minutes on one core.
"""

import argparse
import shutil
from pathlib import Path

import torch
from tokenizers import Tokenizer
from transformers import LlamaConfig, LlamaForCausalLM

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "mini-llama2"
SAVED = (1, 10, 30, 100, 200, 400, 800)
CONTEXT = 128
BATCH = 8
RATE = 3e-3
WARM_UP = 20


def tokens(texts: list[Path]) -> torch.Tensor:
    """Returns the token ids of all texts, one after the other."""
    tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
    ids = [tokenizer.encode(text.read_text(), add_special_tokens=False).ids for text in texts]
    return torch.tensor([each for text in ids for each in text])


def save(model: LlamaForCausalLM, folder: Path) -> None:
    """Writes a checkpoint with the tokenizer beside it."""
    model.save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(MODEL / name, folder / name)


def main() -> None:
    """Trains, and writes OUT/checkpoint-STEP for each step of SAVED."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--steps", type=int, default=SAVED[-1])
    given = parser.parse_args()
    out, steps = given.out, given.steps
    torch.manual_seed(0)
    torch.set_num_threads(1)
    config = LlamaConfig(
        vocab_size=4096,
        hidden_size=128,
        intermediate_size=384,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        bos_token_id=1,
        eos_token_id=2,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config)
    ids = tokens(sorted((ROOT / "static" / "samples").glob("*.txt")))
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, betas=(0.9, 0.95), weight_decay=0.1)
    for step in range(1, steps + 1):
        starts = torch.randint(len(ids) - CONTEXT, (BATCH,)).tolist()
        batch = torch.stack([ids[start : start + CONTEXT] for start in starts])
        loss = model(input_ids=batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = RATE * min(1.0, step / WARM_UP)
        optimizer.step()
        optimizer.zero_grad()
        if step in SAVED:
            save(model, out / f"checkpoint-{step}")
            print(f"step {step}: {loss.item():.3f}", flush=True)


if __name__ == "__main__":
    main()
