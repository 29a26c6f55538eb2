"""What numbers the processor multiplies, and with which library."""

from typing import Literal

import torch

Precision = Literal["32-true", "64-true", "bf16-mixed", "bf16-true", "16-mixed"]
SINGLE = 1e-6
"""Relative error up to which a product counts as one of single precision."""


def fast_precision(accelerator: str) -> tuple[Precision, str]:
    """Return the precision in which small networks train fastest, and why."""
    gpu = torch.cuda.is_available() or torch.backends.mps.is_available()
    if accelerator != "cpu" and gpu:
        return "32-true", "casting weights costs a GPU more launches than small networks gain"
    if torch.cpu.get_capabilities().get("amx_bf16"):
        return "bf16-mixed", "this processor multiplies bfloat16 in tiles (amx_bf16)"
    if torch.cpu.get_capabilities().get("avx512_bf16"):
        return "bf16-mixed", "this processor multiplies bfloat16 natively (avx512_bf16)"
    return "32-true", "this processor has no instructions for bfloat16"


def multiply_fast() -> bool:
    """Let oneDNN multiply float32 matrices on the CPU, if it is as exact as the default library.

    Torch takes MKL by default, which holds its best code back from processors that are not
    Intel's, and oneDNN only after it was allowed to round factors to bfloat16 ("medium"). Where
    a processor has no tiles for bfloat16 (AMX), oneDNN does not make use of that permission and
    computes in single precision, up to twice as fast as MKL; a product tells. Where it does
    round, everything stays as it was.

    Returns:
        Whether oneDNN multiplies from now on, in the whole process.
    """
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    if product_error() > SINGLE:
        torch.set_float32_matmul_precision(before)
        return False
    return True


def product_error() -> float:
    """Return the relative error of a product of float32 matrices on the CPU."""
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.rand(size, generator=generator) for size in [(64, 256), (256, 128)])
    exact = left.double() @ right.double()
    return float((left @ right - exact).abs().max() / exact.abs().max())
