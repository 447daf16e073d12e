"""An order says itself as a command line, and is refused where it would be ignored."""

import shlex
from pathlib import Path

import pytest

from feim.__main__ import _parser
from feim.training.order import Order


def order(**given) -> Order:
    return Order((Path("/somewhere/teachers"), Path("librispeech")), Path("runs/tts"), Path("weights"), **given)


def test_the_command_gives_the_same_order():
    whole = order(faces=Path("/pictures/london"), steps=7, resume=True, miniature=True, initial="tts-unet", decoder="unet")
    command = whole.command("tts")
    assert command == (
        "python -m feim train tts --corpus teachers --corpus librispeech --faces london "
        "--decoder unet --initial tts-unet --steps 7 --miniature --resume"
    )
    options = _parser().parse_args(shlex.split(command)[3:])
    assert options.recipe == "tts"
    assert [folder.name for folder in whole.corpora] == [str(folder) for folder in options.corpus]
    for name in ("steps", "resume", "miniature", "initial", "decoder"):
        assert getattr(options, name) == getattr(whole, name)


def test_what_is_not_given_is_not_said():
    assert order().command("vocoder") == "python -m feim train vocoder --corpus teachers --corpus librispeech"


def test_an_option_that_a_recipe_has_no_use_for():
    order(decoder="unet").refuse("vocoder", "faces", "initial")
    with pytest.raises(ValueError, match="the recipe vocoder has no use for --decoder; leave it out"):
        order(decoder="unet").refuse("vocoder", "faces", "decoder")
