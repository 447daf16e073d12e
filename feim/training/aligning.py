"""Phone times for a corpus in any language, from nothing but its sounds and texts: `python -m feim align CORPUS`.

A small text encoder says what every symbol sounds like, and monotonic alignment search (Glow-TTS, Kim et al. 2020) lays the
symbols along the sound; the two improve each other. That is Grad-TTS's way, done once and alone: models that train on the corpus
afterwards know the times, so they may look at short stretches, and need a fraction of the time.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from feim.data.batching import generators
from feim.data.clip import read_manifest, write_manifest
from feim.data.features import Features, read_features
from feim.nn.alignment import search_durations, spread, symbol_of_frame
from feim.nn.blocks import ConvNeXtBlock, sequence_mask
from feim.signal.audio import MEL_SILENCE, N_MELS
from feim.signal.text import BLANK, LETTERS, PUNCTUATION, SYMBOLS, encode
from feim.training.loop import Settings, share_of_batch, together, train

STEPS, BATCH = 1500, 16
EVENLY = 0.1  # share of the steps in which every symbol is as long as the others: a search among strangers finds nothing
CHANNELS = 128


class TextSound(nn.Module):
    """Symbols → the mel that each sounds like, whoever says it."""

    def __init__(self, channels: int = CHANNELS):
        super().__init__()
        self.symbol = nn.Embedding(len(SYMBOLS), channels)
        # a letter, with blanks around it, sees its neighbours and no more: who knows whole sentences by heart may cut them anywhere
        self.block = ConvNeXtBlock(channels, kernel=5, dropout=0.1)
        self.output = nn.Conv1d(channels, N_MELS, 1)

    def forward(self, symbols: Tensor, lengths: Tensor) -> Tensor:
        """symbols (B, N), lengths (B,) → (B, 128, N), in units of `standard`."""
        mask = sequence_mask(lengths, symbols.shape[1])
        h = self.symbol(symbols).transpose(1, 2)  # (B, C, N)
        return self.output(self.block(h, mask=mask) * mask)


def align_corpus(folder: str | Path, out: str | Path, steps: int | None = None, resume: bool = False) -> tuple[int, int]:
    """Find the durations of every clip that has phonemes and no durations, and write them into the manifest.

    Args: folder: a prepared corpus; out: the run's state and logs.
    Returns: how many clips were aligned, and how many are too short for their text and stay without.
    Raises: BrokenManifest; UnreadableAudio; ValueError when no clip waits for durations, or all that do are too short for their texts.
    """
    folder = Path(folder)
    clips = read_manifest(folder)
    waiting = [clip for clip in clips if clip.phonemes and clip.durations is None]
    if not waiting:
        raise ValueError(f"{folder} has no clip with a text and without phone times; there is nothing to align")
    with together().main_process_first():
        found = read_features(folder, waiting)
    long_enough = [i for i, clip in enumerate(waiting) if len(timed(clip.phonemes)) <= found.starts[i + 1] - found.starts[i]]
    if not long_enough:
        raise ValueError(f"{folder} has {len(waiting)} clips without phone times, all too short for their texts; there is nothing to align")
    torch.manual_seed(0)
    steps = steps or STEPS
    settings = Settings(steps, learning_rate=2e-3, warmup=min(50, steps // 4 + 1), ema=0.99)
    drawn = batches(found, long_enough, share_of_batch(BATCH), round(EVENLY * steps) * BATCH)
    model = train(TextSound(), drawn, losses, settings, out, resume).model
    durations = {waiting[i].id: whole_durations(waiting[i].phonemes, model, standard(mel_of(found, i))) for i in long_enough}
    if together().is_main_process:
        write_manifest(folder, [replace(clip, durations=durations.get(clip.id, clip.durations)) for clip in clips])
    together().wait_for_everyone()
    return len(durations), len(waiting) - len(durations)


def timed(phonemes: str) -> list[int]:
    """Places of the symbols that take time: letters, punctuation, and a pause at each end; blanks, spaces and marks take none."""
    inner = [i for i, symbol in enumerate(phonemes) if symbol in LETTERS or symbol in PUNCTUATION]
    ends = [place for place in (0, len(phonemes) - 1) if phonemes[place] == BLANK]
    return sorted({*inner, *ends})


def mel_of(corpus: Features, index: int) -> np.ndarray:
    """One clip's mel (T, 128)."""
    return corpus.mel[corpus.frames(index)].astype(np.float32)


def standard(mel: np.ndarray) -> np.ndarray:
    """(T, 128) with the speaker's colour and level taken off, about unit variance, silence kept below."""
    level = mel.mean(axis=1)
    loud = level >= np.quantile(level, 0.4)
    return (mel - mel[loud].mean(axis=0)) / 2


def batches(corpus: Features, usable: Sequence[int], size: int, evenly: int) -> Callable[[int], dict[str, Tensor]]:
    """Index → symbols (B, N), lengths (B,), places (B, M) of those that take time, timed (B,) how many, mel (B, 128, T), frames (B,).

    `evenly` (B,) is true while the run has drawn fewer examples than `evenly`: nothing is searched yet.
    """

    def make(index: int) -> dict[str, Tensor]:
        chosen = [random.choice(usable) for random in generators(11, index, size)]
        texts = [np.array(encode(corpus.clips[i].phonemes)) for i in chosen]
        places = [np.array(timed(corpus.clips[i].phonemes)) for i in chosen]
        mels = [standard(mel_of(corpus, i)) for i in chosen]
        longest = max(map(len, mels))
        padded = [np.pad(mel, ((0, longest - len(mel)), (0, 0)), constant_values=MEL_SILENCE) for mel in mels]
        return {
            "symbols": _stack(texts),
            "lengths": torch.tensor([len(text) for text in texts]),
            "places": _stack(places),
            "timed": torch.tensor([len(place) for place in places]),
            "mel": torch.from_numpy(np.stack(padded)).transpose(1, 2).contiguous(),
            "frames": torch.tensor([len(mel) for mel in mels]),
            "evenly": torch.full((size,), index * size < evenly),
        }

    return make


def _stack(rows: list[np.ndarray]) -> Tensor:
    longest = max(map(len, rows))
    return torch.from_numpy(np.stack([np.pad(row, (0, longest - len(row))) for row in rows]))


def losses(model: nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
    """Mean square between every frame and what its symbol should sound like, as the search finds it now."""
    mu = spread(model(batch["symbols"], batch["lengths"]).float(), batch["places"])  # (B, 128, M): of the symbols that take time
    if batch["evenly"].any():
        durations = even_durations(batch["timed"], batch["frames"], mu.shape[2])
    else:
        durations = search_durations(mu, batch["mel"], batch["timed"], batch["frames"])
    drawn = spread(mu, symbol_of_frame(durations, batch["mel"].shape[2]))
    inside = sequence_mask(batch["frames"], batch["mel"].shape[2])
    return {"loss": (((drawn - batch["mel"]) ** 2) * inside).sum() / inside.sum() / N_MELS}


def even_durations(symbols: Tensor, frames: Tensor, longest: int) -> Tensor:
    """symbols and frames (B,) → (B, longest): each symbol's equal share, in whole frames that sum to `frames`."""
    places = torch.arange(longest + 1, device=symbols.device)
    ends = (places.clamp(max=symbols[:, None]) * frames[:, None] / symbols[:, None]).round().long()
    return ends.diff(dim=1)


@torch.inference_mode()
def whole_durations(phonemes: str, model: TextSound, mel: np.ndarray) -> list[int]:
    """Frames of every symbol, those that take no time included; they sum to the frames of `mel` (T, 128)."""
    symbols, places = torch.tensor(encode(phonemes))[None], torch.tensor(timed(phonemes))
    mu = model(symbols, torch.tensor([symbols.shape[1]]))[:, :, places]
    frames = torch.from_numpy(mel).T[None]  # (1, 128, T)
    found = search_durations(mu, frames, torch.tensor([len(places)]), torch.tensor([len(mel)]))[0]
    durations = torch.zeros(symbols.shape[1], dtype=torch.long)
    durations[places] = found
    return durations.tolist()
