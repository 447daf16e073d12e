"""Whether pseudo-labels teach what the truth teaches: the same voices, heard by a network that learnt from either.

That is seed 003's way: faces label films, and from the labels a network learns to hear. The faces are landmarks alone, as our network sees
them; the labels are made by what labels real corpora (feim.data.labelling).
"""

from pathlib import Path

import numpy as np

from feim.data.clip import SYNTHETIC, Clip, write_manifest
from feim.data.face_tracks import FOLDER as TRACKS
from feim.data.face_tracks import track_path, write_track
from feim.data.labelling import label_corpus
from feim.data.synthetic.expressive_films import ExpressiveFilm
from feim.data.tracked_voices import Tracked, one
from feim.data.truth import FOLDER, truth_path, write_intensity
from feim.evaluation.intensity.labelled import blinded
from feim.evaluation.report import Row
from feim.models.emotion_space import EmotionSpace
from feim.models.intensity import VoiceIntensity
from feim.models.landmarks import LandmarkNetwork
from feim.signal.audio import write_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.landmarks import interocular
from feim.training.order import Order
from feim.training.recipes import voice_intensity

PIXELS = 60.0  # between the pupils


def taught(space: EmotionSpace, network: LandmarkNetwork, folder: Path, steps: int, material: Tracked) -> list[Row]:
    """Rows for two networks that learnt from the corpus of `filmed_corpus` in a folder, on voices of other people."""
    blind = blinded(folder)
    label_corpus(blind, space, network)
    alike = {}
    for name, corpus in (("labels", blind), ("truth", folder)):
        run = folder.with_name(f"{folder.name}-{name}")
        listener = voice_intensity.run(Order((corpus,), run, run, steps=steps))
        alike[name] = _alike(listener.cpu().eval(), material)
    people = len({clip.speaker for clip in material.clips})
    note = f"{steps} steps each, the same voices; {people} speakers never heard"
    return [
        Row("audio → intensity, learnt from pseudo-labels alone, and the truth, Pearson, told", alike["labels"], note=note),
        Row("… learnt from the same films' truth", alike["truth"]),
    ]


def filmed_corpus(films: list[ExpressiveFilm], seen: list[ExpressiveFilm], folder: Path) -> Path:
    """Write films, exact and as they are seen, as a corpus that keeps sounds, landmarks and the truth."""
    for part in ("audio", TRACKS, FOLDER):
        (folder / part).mkdir(parents=True, exist_ok=True)
    clips = []
    for number, (film, look) in enumerate(zip(films, seen, strict=True)):
        name = f"{number:05d}"
        write_audio(folder / f"audio/{name}.flac", film.waveform)
        write_track(track_path(folder, name), PIXELS / interocular(film.rest) * (look.landmarks - film.rest.min(0)))
        write_intensity(truth_path(folder, name), film.intensity)
        clips.append(
            Clip(name, "filmed", film.person, "en-us", "", SYNTHETIC, film.split, audio=f"audio/{name}.flac", emotion=film.emotion)
        )
    write_manifest(folder, clips)
    return folder


def _alike(network: VoiceIntensity, material: Tracked) -> float:
    """Pearson over all frames of voices, told the emotion."""
    heard, truth = [], []
    for number, clip in enumerate(material.clips):
        mel, pitch, track = one(material, number)
        heard.append(network.track(mel, pitch, {EMOTIONS.index(clip.emotion): 1.0}))
        truth.append(track)
    return float(np.corrcoef(np.concatenate(heard), np.concatenate(truth))[0, 1])
