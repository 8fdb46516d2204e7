"""Says what Hugging Face transformers makes of every changed config.json: tests/fuzz/config.reference.json.

    npm run fuzz -- --minutes 0.01
    node tests/fuzz/build/seedConfigs.js FOLDER
    python3 tests/fuzz/reference.py FOLDER

Needs torch, transformers and safetensors. A mutant is refused where loading or running it raises an error, or where
weights that the model needs are not in the file and would be drawn at random.
"""

import json
import pathlib
import shutil
import signal
import sys
import warnings

import torch
import transformers

warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
folder = pathlib.Path(sys.argv[1])
ids = json.loads((folder / "ids.json").read_text())
mutants = json.loads((folder / "mutants.json").read_text())
SECONDS = 20
torch.set_num_threads(1)


def loss_of(config):
    mutant = folder / "mutant"
    shutil.rmtree(mutant, ignore_errors=True)
    mutant.mkdir()
    shutil.copy(folder / "model" / "model.safetensors", mutant)
    (mutant / "config.json").write_text(json.dumps(config))
    # Without a model_type only the class that the file names can say what it is.
    named = config.get("architectures") if "model_type" not in config else None
    cls = getattr(transformers, named[0]) if named else transformers.AutoModelForCausalLM
    model, info = cls.from_pretrained(
        mutant, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    if info["missing_keys"] or info["mismatched_keys"] or info["error_msgs"]:
        return None
    model.eval()
    with torch.no_grad():
        nats = [
            torch.nn.functional.cross_entropy(model(torch.tensor([w]), use_cache=False).logits[0, :-1].double(), torch.tensor(w[1:]), reduction="none")
            for w in ids
        ]
    loss = torch.cat(nats).mean().item()
    return loss if loss == loss and abs(loss) != float("inf") else None


def too_long(*_):
    raise TimeoutError


signal.signal(signal.SIGALRM, too_long)
references = []
for mutant in mutants:
    signal.alarm(SECONDS)
    try:
        loss = loss_of(mutant["config"])
    except Exception:
        loss = None
    finally:
        signal.alarm(0)
    references.append({**mutant, "loss": loss})
out = pathlib.Path(__file__).with_name("config.reference.json")
lines = ",\n".join(json.dumps(each, ensure_ascii=False) for each in references)
out.write_text(f"[\n{lines}\n]\n")
print(f"{sum(r['loss'] is not None for r in references)} of {len(references)} read by transformers {transformers.__version__}")
