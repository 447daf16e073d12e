"""How long each symbol takes and how high it is, before any frame is drawn."""

from torch import Tensor, nn

from feim.nn.blocks import ConvNeXtBlock


class ProsodyPredictor(nn.Module):
    """Symbols' features, speaker and emotion → logarithm of durations, and pitch."""

    def __init__(self, inputs: int, channels: int, blocks: int, condition: int, expansion: int):
        super().__init__()
        self.input = nn.Conv1d(inputs, channels, 1)
        self.blocks = nn.ModuleList(
            ConvNeXtBlock(channels, kernel=9, dilation=(1, 2)[i % 2], expansion=expansion, condition=condition, dropout=0.1)
            for i in range(blocks)
        )
        self.norm = nn.LayerNorm(channels, elementwise_affine=False)
        self.film = nn.Linear(condition, 2 * channels)
        self.output = nn.Linear(channels, 2)

    def forward(self, h: Tensor, mask: Tensor, speaker: Tensor, emotion: Tensor) -> tuple[Tensor, Tensor]:
        """h (B, C, N), mask (B, 1, N), speaker and emotion (B, D) → ln(1 + frames) (B, N), pitch (B, N) in units of PITCH_SPREAD."""
        condition = speaker + emotion
        h = self.input(h)
        for block in self.blocks:
            h = block(h, condition, mask)
        h = self.norm(h.transpose(1, 2))  # (B, N, C)
        scale, shift = self.film(condition)[:, None].chunk(2, dim=-1)
        out = self.output(h * (1 + scale) + shift).float()
        return out[..., 0], out[..., 1]
