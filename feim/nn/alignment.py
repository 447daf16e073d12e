"""Which symbol each frame belongs to: monotonic alignment search, and the way from symbols to frames."""

import numpy as np
import torch
from monotonic_alignment_search import maximum_path
from torch import Tensor, nn


def search_durations(mu: Tensor, mel: Tensor, symbols: Tensor, frames: Tensor) -> Tensor:
    """The likeliest monotonic alignment of mel frames to symbols under N(mu, 1) (Glow-TTS, algorithm 1).

    Args: mu (B, 128, N) mean of each symbol; mel (B, 128, T); symbols (B,) and frames (B,): how many of each are real.
    Returns: (B, N) durations in frames, at least one for each real symbol; they sum to `frames`.
    """
    with torch.no_grad():
        # log N(mel | mu, 1) up to a constant: mu·mel − ½ mu² − ½ mel²
        likelihood = mu.transpose(1, 2) @ mel - 0.5 * (mu**2).sum(1)[:, :, None] - 0.5 * (mel**2).sum(1)[:, None]  # (B, N, T)
        inside = (torch.arange(mu.shape[2], device=mu.device) < symbols[:, None])[:, :, None]
        inside = inside & (torch.arange(mel.shape[2], device=mu.device) < frames[:, None])[:, None]
        path = maximum_path(likelihood.float().contiguous(), inside.float().contiguous())  # (B, N, T)
    return path.sum(dim=2).round().long()


def symbol_of_frame(durations: Tensor, frames: int) -> Tensor:
    """durations (B, N) → (B, frames) index of each frame's symbol; frames after the end repeat the last symbol."""
    ends = durations.cumsum(dim=1)  # (B, N)
    places = torch.arange(frames, device=durations.device).expand(len(durations), frames).contiguous()
    return torch.searchsorted(ends, places, right=True).clamp_max(durations.shape[1] - 1)


def spread(values: Tensor, index: Tensor) -> Tensor:
    """values (B, C, N) of symbols, index (B, T) → (B, C, T) of frames."""
    return values.gather(2, index[:, None].expand(-1, values.shape[1], -1))


def position_in_symbol(durations: Tensor, index: Tensor) -> Tensor:
    """(B, T) how far through its symbol each frame is, from 0 to 1."""
    starts = durations.cumsum(dim=1) - durations
    places = torch.arange(index.shape[1], device=index.device)
    return ((places - starts.gather(1, index) + 0.5) / durations.gather(1, index).clamp_min(1)).clamp(0, 1)


def contour(values: Tensor, durations: Tensor, frames: int) -> Tensor:
    """Symbols' values (B, N) → a line through the middles of the symbols that take time, (B, frames)."""
    ends = durations.cumsum(dim=1)
    lines = []
    for value, duration, end in zip(values.cpu().numpy(), durations.cpu().numpy(), ends.cpu().numpy(), strict=True):
        spoken = duration > 0
        lines.append(np.interp(np.arange(frames), (end - duration / 2)[spoken], value[spoken]))
    return torch.tensor(np.array(lines), dtype=values.dtype, device=values.device)


def symbol_means(line: Tensor, durations: Tensor) -> Tensor:
    """(B, T) values of frames and (B, N) durations → (B, N) means; a symbol without time takes the value where it stands."""
    ends = durations.cumsum(dim=1)
    sums = nn.functional.pad(line.double().cumsum(dim=1), (1, 0))  # (B, T + 1)
    totals = sums.gather(1, ends) - sums.gather(1, ends - durations)
    here = line.gather(1, ends.clamp_max(line.shape[1] - 1))
    return torch.where(durations > 0, totals / durations.clamp_min(1), here).to(line.dtype)
