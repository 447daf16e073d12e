"""Published clips → ours: the sound at 16 kHz, a picture of the speaker's face or its landmarks, phonemes; nothing is cut shorter."""

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from PIL import Image

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt, cut_face, cut_frames, cut_sound
from feim.data.corpora.preparing import LeftOut, Outcome, prepare
from feim.data.corpora.workers import Workers
from feim.data.face_tracks import FOLDER, face_track, track_path, write_track
from feim.models import checkpoint
from feim.models.landmarks import LandmarkNetwork
from feim.signal.audio import SAMPLE_RATE, UnreadableAudio, write_audio
from feim.signal.face import FaceNotFound, UnreadableImage
from feim.signal.text import NothingToSay, TextTooLong, normalise, phonemise

EXCESS = 10.0  # seconds beyond what the corpus declares: such a file holds another scene
QUALITY = 95  # of JPEG


@dataclass(frozen=True)
class Utterance:
    """One clip of a corpus as published.

    Attributes:
        clip: what the corpus tells of it; audio, image and phonemes are still to be made.
        sound: where it is heard, possibly in a video.
        video: where its speaker is seen, over the same time; None where the corpus has sound only.
        seconds: how long the corpus says it lasts, where its files are known to be wrong at times.
    """

    clip: Clip
    sound: Excerpt
    video: Excerpt | None = None
    seconds: float | None = None

    @property
    def name(self) -> str:
        return self.clip.id

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys(excerpt.path for excerpt in (self.sound, self.video) if excerpt))


@dataclass(frozen=True)
class TrackedUtterance(Utterance):
    """One whose face's landmarks are wanted, too. The journal knows it from others by its name."""


def prepare_utterances(utterances: list[Utterance], out: Path, workers: Workers) -> list[Clip]:
    """Cut every utterance's sound and face, and write the corpus; levels stay as they were published.

    An utterance without usable sound is left out; one without a face is kept without a picture, and listed too.

    Args:
        out: the corpus folder to make: manifest.parquet, audio/ID.flac (16 kHz mono), image/ID.jpg (224×224), left_out.tsv; and
            landmarks/ID.npz of those that are tracked.
    Returns: the clips, sorted by id. Raises: MissingCorpus when not a single one could be used.
    """
    for folder in ("image", FOLDER) if any(isinstance(utterance, TrackedUtterance) for utterance in utterances) else ("image",):
        (out / folder).mkdir(parents=True, exist_ok=True)
    return prepare(out, utterances, cut, workers)


def cut(utterance: Utterance, out: Path) -> Outcome:
    """Make one utterance's files in out."""
    clip = utterance.clip
    try:
        samples = cut_sound(utterance.sound)
    except UnreadableAudio as error:
        return [], [LeftOut(clip.id, str(error), clip.text)]
    seconds = len(samples) / SAMPLE_RATE
    if utterance.seconds is not None and seconds > utterance.seconds + EXCESS:
        return [], [LeftOut(clip.id, f"lasts {seconds:.0f} s, where the corpus says {utterance.seconds:.1f} s", clip.text)]
    clip = replace(clip, audio=f"audio/{clip.id}.flac", phonemes=_phonemes(clip))
    write_audio(out / clip.audio, samples)
    if utterance.video is None:
        return [clip], []
    try:
        face = cut_face(utterance.video, seconds)
    except (UnreadableImage, FaceNotFound) as error:
        return [clip], [LeftOut(clip.id, f"kept without a picture: {error}", clip.text)]
    clip = replace(clip, image=f"image/{clip.id}.jpg")
    Image.fromarray(face.crop).save(out / clip.image, quality=QUALITY)
    if isinstance(utterance, TrackedUtterance):
        try:
            write_track(track_path(out, clip.id), face_track(_network(), cut_frames(utterance.video)))
        except (UnreadableImage, FaceNotFound) as error:
            return [clip], [LeftOut(clip.id, f"kept without landmarks: {error}", clip.text)]
    return [clip], []


@cache
def _network() -> LandmarkNetwork:
    return checkpoint.load(LandmarkNetwork, "landmarks")  # one per process


def _phonemes(clip: Clip) -> str | None:
    """None without a text, and for scripts and languages that the front end cannot read."""
    try:
        return phonemise(normalise(clip.text, clip.language), clip.language)
    except (NothingToSay, TextTooLong):
        return None
