"""What one of the seed's eight systems makes of films, and how good it is."""

import math
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from feim.evaluation.faces.quality import bitrate, face_features, frechet_distance, inception_features, psnr, sharpness, ssim
from feim.evaluation.gan.material import Filmed
from feim.models.embeddings import FaceNetwork
from feim.models.expression_judge import ExpressionJudge, lid_heights
from feim.models.landmarks import LandmarkNetwork, five_points, frame, locate_all
from feim.models.lip_sync import LipSync, Sync, TooShort, mouth_movement
from feim.models.super_resolution import CompactNetwork, enlarge
from feim.models.talking_face import SIDE, TalkingFace, stretch, to_signed
from feim.models.talking_face_objective import region_difference
from feim.repainting import resized
from feim.signal.action_units import strength
from feim.signal.audio import mel_spectrogram
from feim.signal.emotion import EMOTIONS
from feim.signal.face import CANONICAL, CROP
from feim.signal.video import write_video

LARGE = 512  # pixels of a side, at which sharpness is compared
WRITTEN = 12  # films whose files are weighed
STRONG = 5.0  # γ of the films whose expression is judged
LOOKS = 6  # frames of each of these
BLINKING = 0.6  # of the eyes' median opening, below which a frame is left out


@dataclass(frozen=True)
class Judges:
    """Who looks at the films: none of them taught the generator."""

    faces: FaceNetwork
    landmarks: LandmarkNetwork
    expressions: ExpressionJudge
    sync: LipSync


@dataclass(frozen=True)
class Found:
    """One system's figures.

    Attributes:
        fid: of face features against the camera's films; resolution: pixels a side; bitrate: kbit a second.
        mouth, eyes: mean difference of 255 there; psnr: dB; ssim; sharpness: of films brought to 512², and the camera's.
        expression: share of films at γ = 5 judged as asked for; in_sync: share within ± 1 frame; confidence: of the sync.
    """

    fid: float
    resolution: float
    bitrate: float
    mouth: float
    eyes: float
    psnr: float
    ssim: float
    sharpness: float
    expression: float
    in_sync: float
    confidence: float


def camera_features(filmed: list[Filmed], judges: Judges) -> np.ndarray:
    """What the face network sees in the camera's films, (frames, 384): the same for every system."""
    return np.concatenate([face_features(judges.faces, one.frames) for one in filmed])


def measure(
    generator: TalkingFace, enlarger: CompactNetwork | None, filmed: list[Filmed], judges: Judges, real: np.ndarray
) -> dict[str, float]:
    """What the generator makes of each film's first picture and sound, through super-resolution where there is an enlarger; as Found.

    Args: real: `camera_features` of the same films.
    """
    pairs = [(one, remade(generator, one.frames[0], one, one.amount)) for one in filmed]
    large = [(one, enlarge(enlarger, made) if enlarger else made) for one, made in pairs]
    small = [(one, resized(made, SIDE)) for one, made in large]
    seen = np.concatenate([face_features(judges.faces, made) for _, made in large])
    syncs = [sync for one, made in small if (sync := _sync(judges, one, made))]
    return asdict(
        Found(
            fid=frechet_distance(seen, real),
            resolution=float(large[0][1].shape[1]),
            bitrate=_bitrate(large[:WRITTEN]),
            mouth=_mean(_difference(made, one.frames, one.mouth[:, None]) for one, made in small),
            eyes=_mean(_difference(made, one.frames, one.eyes) for one, made in small),
            psnr=_mean(psnr(made, one.frames) for one, made in small),
            ssim=_mean(ssim(made, one.frames) for one, made in small),
            sharpness=_mean(sharpness(resized(made[::5], LARGE)) for _, made in large),
            expression=_mean(expressions(generator, enlarger, filmed, judges)),
            in_sync=_mean(abs(sync.offset) <= 1 for sync in syncs),
            confidence=_mean(sync.confidence for sync in syncs),
        )
    )


def inception_distance(network: nn.Module, generator: TalkingFace, enlarger: CompactNetwork | None, filmed: list[Filmed]) -> float:
    """FID of Inception's features, as others report it, between what a system makes and the camera's films."""
    made = [remade(generator, one.frames[0], one, one.amount) for one in filmed]
    seen = [inception_features(network, enlarge(enlarger, film) if enlarger else film) for film in made]
    return frechet_distance(np.concatenate(seen), np.concatenate([inception_features(network, one.frames) for one in filmed]))


@torch.inference_mode()
def remade(generator: TalkingFace, picture: np.ndarray, one: Filmed, amount: np.ndarray) -> np.ndarray:
    """(F, 128, 128, 3) uint8: the film that the generator makes of a picture and a film's sound and emotion, `amount` (F,) of it."""
    torch.manual_seed(0)  # the same noise for every system
    image = to_signed(torch.tensor(picture)).movedim(-1, 0)[None]
    speech = torch.from_numpy(stretch(one.waveform, 0, len(one.frames)))[None]
    emotion = torch.tensor([EMOTIONS.index(one.clip.emotion)])
    video = generator(image, speech, emotion, torch.tensor(amount, dtype=torch.float32)[None]).video[0]
    return ((video.float() + 1) * 127.5).round().clamp(0, 255).byte().movedim(1, -1).numpy()


def expressions(generator: TalkingFace, enlarger: CompactNetwork | None, filmed: list[Filmed], judges: Judges) -> list[bool]:
    """Whether each film, made of the person's neutral picture at γ = 5, shows the emotion asked for; one of each person and emotion."""
    right, seen = [], set()
    for one in filmed:
        who = (one.clip.corpus, one.clip.speaker, one.clip.emotion)
        if one.neutral is None or who in seen:
            continue
        seen.add(who)
        made = remade(generator, one.neutral, one, np.full(len(one.frames), strength(STRONG)))
        looked_at = made[np.linspace(0, len(made) - 1, LOOKS).astype(int)]
        faces = _landmarks(judges.landmarks, np.concatenate([one.neutral[None], looked_at]), enlarger)
        heights = lid_heights(faces[1:])
        probabilities, _ = judges.expressions.judge(faces[1:][heights >= BLINKING * np.median(heights)], faces[0])
        right.append(EMOTIONS[probabilities.mean(0).argmax()] == one.clip.emotion)
    return right


def _landmarks(network: LandmarkNetwork, frames: np.ndarray, enlarger: CompactNetwork | None) -> np.ndarray:
    """(F, 128, 128, 3) upright faces → (F, 189, 2); looked at twice, as films are."""
    frames = enlarge(enlarger, frames) if enlarger else frames
    points = CANONICAL * frames.shape[1] / CROP
    for _ in range(2):
        pixels, maps = zip(*(frame(picture, points) for picture in frames), strict=True)
        found, _ = locate_all(network, np.stack(pixels), np.stack(maps))
        points = five_points(found[0])
    return found


def _sync(judges: Judges, one: Filmed, made: np.ndarray) -> Sync | None:
    """The sync of a film with its sound; None for one that is too short."""
    try:
        return judges.sync.judge(mouth_movement(_landmarks(judges.landmarks, made, None)), mel_spectrogram(one.waveform))
    except TooShort:
        return None


def _difference(made: np.ndarray, real: np.ndarray, points: np.ndarray) -> float:
    """Of 255, around points (F, P, 2)."""
    signed = [to_signed(torch.tensor(film)).movedim(-1, 1)[None] for film in (made, real)]
    return float(region_difference(*signed, torch.from_numpy(points)[None]))


def _bitrate(films: list[tuple[Filmed, np.ndarray]]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        return _mean(bitrate(write_video(path, made, one.waveform)) for one, made in films)


def _mean(values: Iterable[float]) -> float:
    """nan where there are none."""
    values = [float(value) for value in values]
    return sum(values) / len(values) if values else math.nan
