"""Mels of speech, disturbed as throats, rooms and microphones disturb them: the words stay."""

import torch
from torch import Tensor
from torch.nn import functional as F

from feim.signal.audio import MEL_SILENCE, N_MELS


def disguise(mel: Tensor) -> Tensor:
    """The same words from another throat, microphone and room: (B, 128, T) → (B, 128, T), each example changed in its own way.

    Vocal tract length, spectral tilt, reverberation, other voices behind, steady noise, narrow bands, level: some for some examples only.
    """
    bands = torch.arange(N_MELS, device=mel.device)[:, None]
    tilt = _uniform(mel, -0.012, 0.012) * (bands - N_MELS / 2)  # up to 0.75 nepers at the ends
    power = (2 * (_other_throat(mel) + tilt)).exp()
    power = _other_room(power)
    power = power + _sometimes(mel, 0.15) * power.roll(1, 0) * _uniform(mel, -6.0, -2.4).exp()  # another example, 10 to 26 dB softer
    power = power + _steady_noise(mel)
    highest = torch.where(_sometimes(mel, 0.25), _uniform(mel, 70, 125), float(N_MELS))  # 3 to 8 kHz
    disguised = power.log() / 2 + _uniform(mel, -2.0, 1.5)
    return torch.where(bands < highest, disguised, MEL_SILENCE).clamp_min(MEL_SILENCE)


def disguise_some(mel: Tensor, clean: float) -> Tensor:
    """The same, but a share `clean` of the examples stays as it is. Without any, what tells phones apart is learnt from noise alone."""
    return torch.where(torch.rand(len(mel), 1, 1, device=mel.device) < clean, mel, disguise(mel))


def _uniform(mel: Tensor, low: float, high: float) -> Tensor:
    """(B, 1, 1), one number for each example."""
    return low + (high - low) * torch.rand(len(mel), 1, 1, device=mel.device)


def _sometimes(mel: Tensor, chance: float) -> Tensor:
    """(B, 1, 1) bool."""
    return torch.rand(len(mel), 1, 1, device=mel.device) < chance


def _other_throat(mel: Tensor) -> Tensor:
    """Formants and pitch up or down by as much as 12 %: the mel bands read at other places."""
    places = torch.arange(N_MELS, device=mel.device) * _uniform(mel, 0.88, 1.12)[..., 0]  # (B, 128)
    low = places.floor().long().clamp_max(N_MELS - 2)
    part = (places - low).clamp_max(1)[..., None]
    low = low[..., None].expand_as(mel)
    return mel.gather(1, low).lerp(mel.gather(1, low + 1), part)


def _other_room(power: Tensor) -> Tensor:
    """Some examples ring: what was heard 30 to 150 ms ago is heard again, softer the longer it is ago."""
    decay = _uniform(power, 0.14, 0.5)  # nepers of power a frame
    echo = sum(F.pad(power, (ago, 0))[..., : power.shape[-1]] * (-decay * ago - 1.4).exp() for ago in (3, 6, 10, 15))
    return power + _sometimes(power, 0.4) * echo


def _steady_noise(mel: Tensor) -> Tensor:
    """(B, 128, T) power of smooth random colour, 26 to 70 dB below the loudest that is heard."""
    loudest = mel.amax((1, 2), keepdim=True)
    colour = F.interpolate(torch.randn(len(mel), 1, 8, device=mel.device), N_MELS, mode="linear", align_corners=True)  # (B, 1, 128)
    quiet = loudest - _uniform(mel, 3.0, 8.0) + 0.7 * colour.transpose(1, 2)  # (B, 128, 1)
    return (2 * quiet).exp() * torch.rand(mel.shape, device=mel.device).add(0.5)
