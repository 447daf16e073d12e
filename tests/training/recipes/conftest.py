"""What the recipes' tests share: an order in miniature."""

import pytest

from feim.training.order import Order


@pytest.fixture
def order(corpus, weights, tmp_path) -> Order:
    """Four steps into new folders; the face and voice networks are already there."""
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in ("face-network", "voice-network"):
        for suffix in ("json", "safetensors"):
            (folder / f"{name}.{suffix}").write_bytes((weights / f"{name}.{suffix}").read_bytes())
    return Order((corpus,), tmp_path / "run", folder, steps=4, miniature=True)
