"""Rounds the weights of an ONNX decoder with onnxruntime's own quantizer; needs onnxruntime, onnx and
onnx-ir, which the quantizer imports, and no PyTorch.

    python -m spanwise.round_weights MODEL.onnx OUT.onnx BITS

Every product with a weight becomes MatMulNBits of BITS bits, 4 or 8, in blocks of 32 inputs that share a scale;
activations stay float32. Weights go beside OUT in one file, OUT_data. Prints JSON: how many products were rounded, and the
version of onnxruntime.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, cast

BLOCK = 32


def round_weights(model: str, out: str, bits: int) -> dict[str, object]:
    """Writes `model` to `out` with its weights rounded to `bits` bits."""
    import onnx
    import onnxruntime
    from onnxruntime.quantization.matmul_nbits_quantizer import DefaultWeightOnlyQuantConfig, MatMulNBitsQuantizer

    config = DefaultWeightOnlyQuantConfig(block_size=BLOCK, is_symmetric=True, bits=bits)
    quantizer = MatMulNBitsQuantizer(onnx.load(model), algo_config=config)
    quantizer.process()
    # It wraps the model that it was given.
    rounded = cast(Any, quantizer.model).model
    products = sum(node.op_type == "MatMulNBits" for node in rounded.graph.node)
    onnx.save_model(
        rounded,
        out,
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location=f"{Path(out).name}_data",
        convert_attribute=False,
    )
    return {"products": products, "version": onnxruntime.__version__}


if __name__ == "__main__":
    print(json.dumps(round_weights(sys.argv[1], sys.argv[2], int(sys.argv[3]))))
