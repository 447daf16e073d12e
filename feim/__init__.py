"""FEIM gives a face a voice with feeling: a portrait, a text, an emotion and an intensity become speech and a talking head.

studio = feim.load()
speech = studio.speak("Hello.", face="me.jpg", emotion="happy", intensity=1.0)
speech.save("hello.wav")
studio.animate("me.jpg", speech).save("hello.mp4")
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from feim.studio import Chunk, Speech, Studio, TalkingHead, load

__version__ = "0.1.0"
__all__ = ["Chunk", "Speech", "Studio", "TalkingHead", "load"]


def __getattr__(name: str) -> object:
    """The studio's names, imported when first asked for: the doctor must speak where the studio's packages are missing."""
    if name in __all__:
        return getattr(importlib.import_module("feim.studio"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
