"""MEAD (Wang et al. 2020; research only): actors speak English in eight emotions at three levels, filmed from seven sides.

Layout as published: a folder for each actor (M003, W009 …) with the unpacked video.tar and audio.tar:
video/front/EMOTION/level_L/001.mp4 and audio/EMOTION/level_L/001.m4a. Only the view from the front is taken.
Nothing may be passed on. The sentences are published as a list of their own, not per clip: texts are empty.
"""

from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.publication import RESEARCH_ONLY, Publication, held_out
from feim.data.corpora.utterances import Utterance
from feim.signal.emotion import UnknownEmotion, parse_label

MEAD = Publication("mead", "MEAD", RESEARCH_ONLY, "https://wywu.github.io/projects/MEAD/MEAD.html")
GENDERS = {"M": "male", "W": "female"}
LEVELS = 3


def read(source: Path) -> list[Utterance]:
    """Every front view with its sound; every twelfth actor is in "test". Levels 1, 2, 3 are intensities ⅓, ⅔, 1; neutral is 0.

    Raises: MissingCorpus.
    """
    root = MEAD.root(source, "[MW][0-9]*")
    actors = sorted(path for path in root.glob("[MW][0-9]*") if path.is_dir())
    unpacked = [actor for actor in actors if (actor / "audio").is_dir() and (actor / "video" / "front").is_dir()]
    if len(unpacked) < len(actors):
        packed = ", ".join(actor.name for actor in actors if actor not in unpacked)
        raise MEAD.missing(f"audio.tar or video.tar is missing or not unpacked for {packed}")
    for_tests = held_out(actor.name for actor in actors)
    sounds = [(actor, sound) for actor in actors for sound in sorted((actor / "audio").glob("*/level_[1-3]/*.m4a"))]
    return [_utterance(actor, sound, "test" if actor.name in for_tests else "train") for actor, sound in sounds]


def _utterance(actor: Path, sound: Path, split: str) -> Utterance:
    level, label = sound.parent.name, sound.parents[1].name
    try:
        emotion = parse_label(label)
    except UnknownEmotion:
        raise MEAD.missing(f"{sound.parents[1]} is no folder of an emotion's") from None
    clip = Clip(
        id=f"{actor.name}-{label}-{level}-{sound.stem}", corpus=MEAD.name, speaker=actor.name, language="en-us", text="",
        licence=MEAD.licence, split=split, emotion=emotion, gender=GENDERS[actor.name[0]],
        intensity=0.0 if emotion == "neutral" else int(level[-1]) / LEVELS,
    )  # fmt: skip
    return Utterance(clip, Excerpt(sound), Excerpt(actor / "video" / "front" / label / level / f"{sound.stem}.mp4"))
