"""A score network that lost its middle learns to say what the whole one said; everything else stays."""

from dataclasses import replace

import pytest
import torch

from feim.data.batching import utterances
from feim.models import checkpoint
from feim.models.embeddings import VoiceNetwork
from feim.models.tts import FEIMTTS
from feim.training.loop import Batch
from feim.training.order import Order
from feim.training.recipes import shrink
from feim.training.recipes.tts import MINIATURE, gather


@pytest.fixture
def deep(order) -> FEIMTTS:
    torch.manual_seed(0)
    model = FEIMTTS(FEIMTTS.Config(**MINIATURE | {"decoder_blocks": 6}))
    with torch.no_grad():
        for weight in model.score.parameters():  # a fresh one answers zero
            weight.add_(0.2 * torch.randn_like(weight))
    checkpoint.save(model, "deep", {"what": "a voice", "command": "python -m feim train tts", "hours": 1.0}, order.checkpoints)
    return checkpoint.load(FEIMTTS, "deep", order.checkpoints)


def question(deep: FEIMTTS, order: Order) -> Batch:
    """What the deep network is asked about clips of the corpus, and what it answers."""
    material = gather(order, checkpoint.load(VoiceNetwork, "voice-network", order.checkpoints))
    return shrink.asked(deep, utterances(material.corpora, material.vector, 8, 64, material.shares))(999)


def test_the_middle_goes_and_the_rest_stays(deep):
    model = shrink.shallower(deep)
    assert len(model.score.blocks) == 4
    for new, old in enumerate((0, 1, 4, 5)):
        for mine, theirs in zip(model.score.blocks[new].parameters(), deep.score.blocks[old].parameters(), strict=True):
            assert torch.equal(mine, theirs)
    assert torch.equal(model.symbol.weight, deep.symbol.weight)


def test_as_many_blocks_stay_as_are_wanted(deep):
    model = shrink.shallower(deep, 3)
    for new, old in enumerate((0, 1, 5)):
        for mine, theirs in zip(model.score.blocks[new].parameters(), deep.score.blocks[old].parameters(), strict=True):
            assert torch.equal(mine, theirs)


def test_what_has_no_middle_is_refused(deep):
    with pytest.raises(ValueError, match="of 4 blocks cannot be made shallower to 4"):
        shrink.shallower(shrink.shallower(deep))
    with pytest.raises(ValueError, match="keep 2 or more"):
        shrink.shallower(deep, 1)


def test_it_comes_closer_to_the_deep_one_and_keeps_its_name(deep, order):
    asked, before = question(deep, order), shrink.shallower(deep).eval()
    made = shrink.run(replace(order, initial="deep", steps=80, faces=None))
    given = [asked[name] for name in ("noisy", "mu", "features", "condition", "time")]
    with torch.no_grad():
        far, near = (float((model.score(*given) - asked["velocity"]).square().mean()) for model in (before, made))
    assert near < 0.7 * far
    card = checkpoint.read_card("deep", order.checkpoints)
    assert card["config"]["decoder_blocks"] == 4
    assert card["command"].startswith("python -m feim train tts; then python -m feim train shrink")
    assert card["hours"] >= 1.0
    loaded = checkpoint.load(FEIMTTS, "deep", order.checkpoints)
    assert torch.allclose(loaded.encoder_norm.weight, deep.encoder_norm.weight)


def test_it_needs_weights_to_shrink(order):
    with pytest.raises(ValueError, match="needs --initial"):
        shrink.run(replace(order, initial=None, faces=None))
