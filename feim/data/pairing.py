"""Which voice a face learns to suit: pairs by declared gender and age. A pair is demographic, never the same person."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from feim.data.clip import Clip

YEARS_PER_SHARE = 20.0  # a voice that already has a face counts as this much further away in age


@dataclass(frozen=True)
class Described:
    """Somebody by what they said about themselves: name; gender "female" or "male"; age in years, None if not told."""

    name: str
    gender: str
    age: float | None = None


def pair_faces_with_voices(faces: Sequence[Described], voices: Sequence[Described]) -> dict[str, str]:
    """Give each face one voice of the same declared gender and the closest age.

    The people in the portraits never spoke: a pair says that a voice is plausible for a face, never that it is that person's.
    Voices are shared only when there are too few near in age. The same people always give the same pairs, in whatever order.

    Returns: face's name → voice's name. Raises: ValueError when a face's gender has no voice.
    """
    taken: Counter[str] = Counter()
    pairs = {}
    for face in sorted(faces, key=lambda face: face.name):
        candidates = sorted((voice for voice in voices if voice.gender == face.gender), key=lambda voice: voice.name)
        if not candidates:
            raise ValueError(f"no {face.gender} voice for face {face.name}; add speakers of that gender to the corpus")
        nearest = min(candidates, key=lambda voice: _distance(face, voice) + YEARS_PER_SHARE * taken[voice.name])
        pairs[face.name] = nearest.name
        taken[nearest.name] += 1
    return pairs


def _distance(face: Described, voice: Described) -> float:
    """Years between them; none where an age is not known."""
    if face.age is None or voice.age is None:
        return 0.0
    return abs(face.age - voice.age)


def describe_speakers(clips: Iterable[Clip]) -> list[Described]:
    """Everybody who speaks in `clips` and whose gender is known, once, by name."""
    speakers = {clip.speaker: Described(clip.speaker, clip.gender, clip.age) for clip in clips if clip.gender}
    return [speakers[name] for name in sorted(speakers)]
