"""Do face and voice vectors mean what they should? Measured on people and speakers that no network was trained on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from feim.data.corpora.london import Person
from feim.data.matching import Voices, pad
from feim.models.embeddings import FaceNetwork, VoiceNetwork
from feim.nn.ranks import area_under_curve
from feim.signal.audio import read_audio
from feim.signal.world import track_pitch
from feim.training.portraits import read_crop

NEAREST = 5  # voices that are asked for their pitch
CLIPS = 8  # of each speaker, at most
LONGEST = 400  # frames of each


@torch.no_grad()
def clip_vectors(network: VoiceNetwork, voices: Voices) -> list[Tensor]:
    """For each speaker, the vectors of up to CLIPS clips, (N, 512); a speaker's only clip is taken in two halves."""
    vectors = []
    for clips in voices.mels:
        clips = np.array_split(clips[0], 2) if len(clips) == 1 else clips[:CLIPS]
        vectors.append(network(*pad([mel[:LONGEST] for mel in clips])))
    return vectors


@torch.no_grad()
def portrait_vectors(network: FaceNetwork, people: Sequence[Person]) -> Tensor:
    """(people, 2, 512): the neutral and the smiling portrait of each."""
    crops = torch.stack([read_crop(person.images[name]) for person in people for name in ("neutral", "smiling")])  # (2P, 3, 224, 224)
    return network(crops).unflatten(0, (len(people), 2))


def measure_voices(network: VoiceNetwork, voices: Voices) -> dict[str, float]:
    """Cosines between clips of the same and of different speakers, and how often a clip's nearest other clip is the same speaker's."""
    vectors = clip_vectors(network, voices)
    speaker = torch.repeat_interleave(torch.arange(len(vectors)), torch.tensor([len(v) for v in vectors]))
    female = torch.tensor([person.gender == "female" for person in voices.speakers])[speaker]
    cosine = torch.cat(vectors) @ torch.cat(vectors).T
    itself = torch.eye(len(speaker), dtype=torch.bool)
    same = (speaker[:, None] == speaker) & ~itself
    different = speaker[:, None] != speaker
    nearest = cosine.masked_fill(itself, -2).argmax(1)
    return {
        "speakers": len(vectors),
        "cosine, same speaker": _rounded(cosine[same].mean()),
        "cosine, different speakers": _rounded(cosine[different].mean()),
        "cosine, different speakers of one gender": _rounded(cosine[different & (female[:, None] == female)].mean()),
        "area under curve, same against different": _rounded(area_under_curve(cosine[~itself], same[~itself])),
        "nearest clip is the same speaker's": _rounded((speaker[nearest] == speaker).float().mean()),
    }


def measure_faces(face: FaceNetwork, voice: VoiceNetwork, people: Sequence[Person], voices: Voices) -> dict[str, float]:
    """Where faces land among voices: pitch of the nearest voices against declared gender, and how alike faces stay."""
    centres = torch.stack([F.normalize(vectors.mean(0), dim=0) for vectors in clip_vectors(voice, voices)])  # (S, 512)
    pitch = torch.tensor([_median_pitch(path) for path in voices.example])  # (S,)
    faces = portrait_vectors(face, people)  # (P, 2, 512)
    similarity, nearest = (faces.flatten(0, 1) @ centres.T).topk(min(NEAREST, len(centres)))  # (2P, 5)
    female = torch.tensor([person.gender == "female" for person in people]).repeat_interleave(2)  # (2P,)
    heard_female = torch.tensor([voices.speakers[index].gender == "female" for index in nearest[:, 0].tolist()])
    heard_pitch = pitch[nearest].log().mean(1)  # (2P,)
    others = faces[:, 0] @ faces[:, 0].T
    return {
        "people": len(people),
        "area under curve, pitch of nearest voices against declared gender": _rounded(area_under_curve(heard_pitch, female)),
        "nearest voice has the declared gender": _rounded((heard_female == female).float().mean()),
        "cosine to the nearest voice": _rounded(similarity[:, 0].mean()),
        "cosine, same person neutral and smiling": _rounded((faces[:, 0] * faces[:, 1]).sum(1).mean()),
        "cosine, different people": _rounded(others[~torch.eye(len(people), dtype=torch.bool)].mean()),
        "different nearest voices": len(set(nearest[::2, 0].tolist())),
    }


def _median_pitch(path: Path) -> float:
    pitch = track_pitch(read_audio(path))
    return float(np.median(pitch[pitch > 0])) if (pitch > 0).any() else 1.0


def _rounded(value: Tensor | float) -> float:
    return round(float(value), 3)
