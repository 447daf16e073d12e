"""What frame-wise intensity is measured on: voices, faces and actors that no model learnt from."""

from dataclasses import dataclass
from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.nemo import read_nemo
from feim.data.sentences import read_sentences
from feim.data.synthetic.engines import RULES
from feim.data.synthetic.expressive_films import ExpressiveFilm, expressive_films
from feim.data.synthetic.heads.faces import Faces, load_faces
from feim.data.synthetic.heads.head import Head
from feim.data.synthetic.sight import Sight, learn_sight
from feim.data.synthetic.swelling import synthesise_swelling_corpus
from feim.data.synthetic.talking import synthesise_talking_corpus
from feim.data.tracked_voices import Tracked, read_tracked
from feim.evaluation.material import SENTENCES
from feim.models.landmarks import LandmarkNetwork

HEADS, ACTORS = Path("ict_facekit"), Path("nemo")  # under the data folder
VOICES_SEED, FACES_SEED, CONTROL_SEED, FILMS_SEED, TAUGHT_SEED = 3000, 9000, 9500, 9700, 9800  # of other people than any corpus has
SIDE = 192  # pixels of rendered films
RENDERED, MOMENTS, SIGHT_SEED = 24, 30, 9900  # people who are looked at to learn how the landmark network sees, and moments of each


@dataclass(frozen=True)
class Extent:
    """How much is measured.

    Attributes:
        voices, clips: speakers whose emotion swells, and what they say together.
        faces: rendered people, who each say seven sentences; half as many more teach the control.
        filmed: rendered people whose films are labelled, seven each.
        taught: people whose films, seven each, teach a network to hear, and for how many steps.
        spoken: clips of each actor in each emotion.
        sitters: people of the London Set whose films are looked at; frames: of each film.
    """

    voices: int = 60
    clips: int = 300
    faces: int = 24
    filmed: int = 6
    taught: tuple[int, int] = (80, 2000)
    spoken: int = 12
    sitters: int = 16
    frames: int = 12


FULL, QUICK = Extent(), Extent(voices=4, clips=8, faces=3, filmed=3, taught=(3, 20), spoken=2, sitters=2, frames=4)


def voices(data: Path, out: Path, extent: Extent, wandering: bool = False) -> Tracked:
    """Voices that swell with their phrases, as in films, or whose emotion wanders; made now with test sentences.

    Raises: NoSentences, ForeignCorpus, EngineFailed.
    """
    folder, count = out / f"{'wandering' if wandering else 'swelling'}-{extent.voices}", extent.clips // (2 if wandering else 1)
    seed, share = VOICES_SEED + wandering, float(wandering)
    synthesise_swelling_corpus(folder, data / SENTENCES, count, extent.voices, seed, split="test", wandering=share)
    return read_tracked(folder, "test")


def heads(data: Path) -> Faces:
    """Raises: FileNotFoundError, with where to get it."""
    return load_faces(data / HEADS)


def sight(of: Faces, network: LandmarkNetwork, data: Path, extent: Extent) -> Sight:
    """How our landmark network sees people whom nothing learnt from."""
    return learn_sight(of, network, read_sentences(data / SENTENCES), min(RENDERED, extent.faces), MOMENTS, SIGHT_SEED)


def faces(of: Head, people: int, seed: int, data: Path) -> list[ExpressiveFilm]:
    """People of the morphable head who show every emotion while they speak; exact."""
    return expressive_films(of, read_sentences(data / SENTENCES), people, 7 * people, seed)


def films(data: Path, out: Path, extent: Extent) -> Path:
    """The folder of films of people who do not exist, whose truth is known; rendered now, with rule voices."""
    folder, people = out / f"films-{extent.filmed}", extent.filmed
    synthesise_talking_corpus(folder, data / HEADS, data / SENTENCES, 7 * people, people, FILMS_SEED, size=SIDE, engines=RULES)
    return folder


def lessons(of: Head, data: Path, extent: Extent) -> list[ExpressiveFilm]:
    """Films, as landmarks alone, from which what hears can learn; with the voices that the machine has."""
    people, _ = extent.taught
    return expressive_films(of, read_sentences(data / SENTENCES), people, 7 * people, TAUGHT_SEED, engines=None)


def actors(data: Path, extent: Extent) -> list[Clip]:
    """`spoken` clips of each of nEMO's actors in each emotion, spread evenly; none where the corpus is not there."""
    if not (data / ACTORS).is_dir():
        return []
    groups: dict[tuple[str, str], list[Clip]] = {}
    for clip in read_nemo(data / ACTORS):
        groups.setdefault((clip.speaker, clip.emotion), []).append(clip)
    chosen = []
    for own in groups.values():
        chosen += own[:: max(1, len(own) // extent.spoken)][: extent.spoken]
    return chosen
