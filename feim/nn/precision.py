"""bf16 where a device computes in it. Where it does not, bf16 is emulated: slower than float32, and less exact for nothing."""

import torch
from torch import nn


def has_bf16(device: torch.device) -> bool:
    """Whether `device` (a CPU or a CUDA GPU) has bf16 instructions."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()  # x86: AVX-512 or AMX; ARM: NEON or SVE
    return any(able.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16"))


def lighten(model: nn.Module) -> nn.Module:
    """Give the wide layers bf16 weights, in place, if the model's device computes in them: for a model that is asked, not taught.

    What goes in, comes out and is added up along the blocks remains float32; docs/speed.md says what this gains and costs.
    """
    if has_bf16(next(model.parameters()).device):
        for module in model.modules():
            if hasattr(module, "compute_in"):
                module.compute_in(torch.bfloat16)
    return model
