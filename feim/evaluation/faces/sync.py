"""Whether voice and lips of our films go together, in the eyes of a judge that is first checked on filmed people."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from feim.animating import prepared, recorded, spoken
from feim.evaluation.faces.material import Material
from feim.evaluation.report import Row
from feim.models.face_tracking import followed
from feim.models.landmarks import LandmarkNetwork
from feim.models.lip_motion import LipMotion
from feim.models.lip_sync import LipSync, Sync, TooShort, mouth_movement
from feim.models.portrait import FaceBasis
from feim.signal.audio import mel_spectrogram
from feim.signal.emotion import EMOTIONS
from feim.signal.emotion_arc import parse_arc
from feim.signal.video import Video, read_video
from feim.studio import Studio

IN_SYNC = 0.9  # share of films
SIZE = 256  # pixels of our films
SUFFIXES = (".mpg", ".mp4")


def sync(
    studio: Studio, network: LandmarkNetwork, listener: LipMotion, basis: FaceBasis, judge: LipSync, material: Material, filmed: Path | None
) -> list[Row]:
    """Offset and confidence of people's own films (in a folder, or None), and of test sentences that held-out people are made to say.

    Our faces move by the phones of the sentence, then by its sound alone; where there are filmed people, also by their sound, so that both
    can be compared. Landmarks are found anew in every frame of every film.
    """
    real = _films(filmed) if filmed is not None else []
    said: dict[str, list[Sync]] = {}
    for number, text in enumerate(material.texts):
        sitter, emotion = material.sitters[number % len(material.sitters)], EMOTIONS[number % len(EMOTIONS)]
        face = prepared(sitter.photo, network, basis, "portrait", SIZE)
        speech = studio.speak(text, sitter.photo, emotion, 1.0, seed=number)
        sounds = {"test sentences, by their phones": spoken(speech), "test sentences, by sound alone": recorded(listener, speech.waveform)}
        if number < len(real):
            sounds["filmed people's sound"] = recorded(listener, real[number].waveform)
        for name, sound in sounds.items():
            talking = filmed(face, sound, parse_arc(emotion, 1.0), number, {"face": 0.0})
            movement, mel = mouth_movement(followed(network, talking.frames).landmarks), mel_spectrogram(sound.waveform)
            with suppress(TooShort):  # a sentence of under a second and a half; the notes count those that were judged
                said.setdefault(name, []).append(judge.judge(movement, mel))
    return (_filmed(network, judge, real) if real else []) + [row for name, found in said.items() if found for row in _made(name, found)]


def _films(folder: Path) -> list[Video]:
    return [read_video(path) for path in sorted(folder.iterdir()) if path.suffix in SUFFIXES]


def _filmed(network: LandmarkNetwork, judge: LipSync, films: Sequence[Video]) -> list[Row]:
    """The judge's own test: people's films with their own sound, and each with that of all others."""
    mouths = [mouth_movement(followed(network, video.frames()).landmarks) for video in films]
    mels = [mel_spectrogram(video.waveform) for video in films]
    own = [judge.judge(mouth, mel) for mouth, mel in zip(mouths, mels, strict=True)]
    pairs = [(one, other) for one in range(len(films)) for other in range(len(films)) if one != other]
    others = [judge.judge(mouths[one], mels[other]) for one, other in pairs]
    return [
        Row("real films (GRID): sync offset within ± 1 frame, share", share_in_sync(own), IN_SYNC, note=_offsets(own)),
        Row("real films: sync confidence", _confidence(own), note=f"with another film's sound {_confidence(others):.2f}"),
    ]


def _made(name: str, found: Sequence[Sync]) -> list[Row]:
    return [
        Row(f"our films, {name}: sync offset within ± 1 frame, share", share_in_sync(found), IN_SYNC, note=_offsets(found)),
        Row(f"our films, {name}: sync confidence", _confidence(found), note=f"lowest {min(one.confidence for one in found):.2f}"),
    ]


def share_in_sync(found: Sequence[Sync]) -> float:
    """How many of these films have sound that comes at most a frame before or after the mouth."""
    return float(np.mean([abs(one.offset) <= 1 for one in found]))


def _confidence(found: Sequence[Sync]) -> float:
    return float(np.mean([one.confidence for one in found]))


def _offsets(found: Sequence[Sync]) -> str:
    return f"{len(found)} films; frames by which the sound comes later: {', '.join(str(one.offset) for one in found)}"
