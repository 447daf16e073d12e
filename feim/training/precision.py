"""Whether a device computes in bf16 itself. Where it does not, bf16 is emulated: slower than float32, and less exact for nothing."""

import torch


def has_bf16(device: torch.device) -> bool:
    """Whether `device` (a CPU or a CUDA GPU) has bf16 instructions."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    able = torch.cpu.get_capabilities()  # x86: AVX-512 or AMX; ARM: NEON or SVE
    return any(able.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16"))
