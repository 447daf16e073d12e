"""Emotion in a voice that one is acquainted with: functionals of a clip, against what is usual for its speaker → seven probabilities.

Who hears a stranger's first word cannot tell a high voice from a raised one. Here what is usual for a speaker is taken from any other
recordings of them, whatever they feel in those: nobody has to label them. Without such recordings, people in general are what is
usual, and the answer is a guess: the network is told how well it knows the voice, and has learnt how little to say then.

Several small networks on feim.signal.functionals vote (Hansen and Salamon 1990), and a temperature set on speakers that none of them
knows makes their probabilities honest (Guo et al. 2017).
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from feim.signal import functionals
from feim.signal.emotion import EMOTIONS

TRUST_MEAN = 4.0  # clips: so many recordings of a voice weigh as much as people in general, for what is usual
TRUST_SPREAD = 10.0  # clips: the same for how far a voice strays from it
FURTHEST = 3.0  # deviations; further away, nothing is learnt by distance


@dataclass(frozen=True)
class Acquaintance:
    """What is known of a voice: usual (D,) functionals, their spread (D,), strangeness from 1 (never heard) down to 0."""

    usual: Tensor
    spread: Tensor
    strangeness: float


class VoiceEmotion(nn.Module):
    """Functionals → log probabilities of feim.signal.emotion.EMOTIONS."""

    @dataclass(frozen=True)
    class Config:
        functionals: int = functionals.COUNT
        members: int = 5
        hidden: int = 64

    def __init__(self, config: "VoiceEmotion.Config | None" = None):
        super().__init__()
        self.config = c = config or self.Config()
        inputs = c.functionals + 1  # the last is the strangeness
        self.widen = nn.Parameter(torch.randn(c.members, inputs, c.hidden) / inputs**0.5)
        self.widen_bias = nn.Parameter(torch.zeros(c.members, 1, c.hidden))
        self.classify = nn.Parameter(torch.randn(c.members, c.hidden, len(EMOTIONS)) / c.hidden**0.5)
        self.classify_bias = nn.Parameter(torch.zeros(c.members, 1, len(EMOTIONS)))
        for name in ("lowest", "highest", "usual", "spread"):  # of people in general, set from the training speakers
            self.register_buffer(name, torch.zeros(c.functionals))
        self.register_buffer("temperature", torch.ones(()))

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, D + 1) as `compare` gives them → (members, B, 7) logits."""
        x = F.dropout(inputs.expand(self.config.members, -1, -1), 0.2, self.training)  # (M, B, D + 1)
        h = F.dropout(F.gelu(x @ self.widen + self.widen_bias), 0.5, self.training)
        return h @ self.classify + self.classify_bias

    def acquaint(self, recordings: Tensor) -> Acquaintance:
        """(K, D) functionals of a voice's recordings, of any emotions, none needed → what is usual for it."""
        known = len(recordings)
        if not known:
            return Acquaintance(self.usual, self.spread, 1.0)
        clips = recordings.clamp(self.lowest, self.highest)
        usual = (clips.sum(0) + TRUST_MEAN * self.usual) / (known + TRUST_MEAN)
        own = (known - 1) * clips.var(0, correction=0)
        spread = ((own + TRUST_SPREAD * self.spread**2) / (known - 1 + TRUST_SPREAD)).sqrt()
        return Acquaintance(usual, spread, 1 / (1 + known / TRUST_MEAN))

    def compare(self, clips: Tensor, voice: Acquaintance) -> Tensor:
        """(B, D) functionals → (B, D + 1): how far from usual, in deviations, and the strangeness of the voice."""
        far = (clips.clamp(self.lowest, self.highest) - voice.usual) / voice.spread.clamp_min(1e-4)
        return F.pad(far.clamp(-FURTHEST, FURTHEST), (0, 1), value=voice.strangeness)

    @torch.no_grad()
    def probabilities(self, clips: Tensor, voice: Acquaintance) -> Tensor:
        """(B, D) functionals of clips of one voice → (B, 7), in the order of feim.signal.emotion.EMOTIONS."""
        votes = self(self.compare(clips, voice)).log_softmax(-1).mean(0)  # (B, 7)
        return (votes / self.temperature).softmax(-1)
