"""A corpus that the studio itself speaks: for networks that are to listen to our own voice, whose phones' times are known exactly."""

from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from feim.data.clip import MANIFEST, SYNTHETIC, Clip, read_manifest, write_manifest
from feim.data.sentences import read_sentences
from feim.data.synthetic.corpus import claim, fingerprint
from feim.settings import FACE_VECTOR
from feim.signal.action_units import strength
from feim.signal.audio import write_audio
from feim.signal.emotion import EMOTIONS, MAX_INTENSITY, NEUTRAL
from feim.signal.face import find_face, read_image
from feim.signal.text import NothingToSay, TextTooLong
from feim.studio import Studio

PORTRAITS = Path(__file__).parents[1] / "assets" / "faces"  # averages of people
KEPT_EVERY = 100  # clips that a stop can lose
EVENLY = 0.6  # Dirichlet's parameter of the portraits in a voice: one or two of them count most
ASTRAY = 0.35  # length of the random part of a unit voice vector: voices between and beyond the portraits'
WEAKEST = 0.3  # the least γ that still gets an emotion's label


def narrate_corpus(studio: Studio, out: str | Path, sentences: str | Path, clips: int = 1000, seed: int = 0) -> list[Clip]:
    """Write `clips` readings of sentences under `out`, each in a voice and with a feeling of its own; goes on where it was stopped.

    Returns: its clips, in order.
    Raises: NoSentences, ForeignCorpus.
    """
    out, texts = Path(out), read_sentences(sentences)
    claim(out, {"sentences": fingerprint(sentences), "clips": clips, "seed": seed})
    (out / "audio").mkdir(exist_ok=True)
    done = {clip.id: clip for clip in read_manifest(out)} if (out / MANIFEST).exists() else {}
    vectors = np.stack([studio.face_vector(find_face(read_image(path))).numpy() for path in sorted(PORTRAITS.glob("average-*.jpg"))])
    order = np.random.default_rng(seed).permutation(len(texts))
    try:
        for number in tqdm(range(clips), desc=out.name, unit="clip"):
            name = f"{number:05d}"
            if name not in done and (clip := _read(studio, out, name, texts[order[number % len(texts)]], vectors, (seed, number))):
                done[name] = clip
            if number % KEPT_EVERY == 0:
                _keep(out, done)
    finally:
        _keep(out, done)
    return read_manifest(out)


def _read(studio: Studio, out: Path, name: str, sentence: tuple[str, str], vectors: np.ndarray, seed: tuple[int, int]) -> Clip | None:
    """One clip; none of a sentence that cannot be said."""
    random, (text, split) = np.random.default_rng(seed), sentence
    label = EMOTIONS[random.integers(len(EMOTIONS))]
    gamma = 0.0 if label == EMOTIONS[NEUTRAL] else float(np.exp(random.uniform(np.log(WEAKEST), np.log(MAX_INTENSITY))))
    try:
        speech = studio.speak(text, somebody(vectors, random), label, gamma, seed=seed[1], speed=random.uniform(0.85, 1.2))
    except (NothingToSay, TextTooLong):
        return None
    audio = f"audio/{name}.flac"
    write_audio(out / audio, speech.waveform)
    return Clip(
        id=name,
        corpus="narrated",
        speaker=name,
        language="en-us",
        text=text,
        licence=SYNTHETIC,
        split=split,
        phonemes="".join(speech.phonemes),
        durations=[int(duration) for duration in speech.durations],
        audio=audio,
        emotion=label,
        intensity=round(float(strength(gamma)), 3),
    )


def somebody(vectors: np.ndarray, random: np.random.Generator) -> torch.Tensor:
    """A voice between those of faces (N, 512), and a little beside them: (512,), of length 1."""
    mixed = random.dirichlet([EVENLY] * len(vectors)) @ vectors
    beside = random.normal(size=FACE_VECTOR)
    vector = mixed / np.linalg.norm(mixed) + ASTRAY * beside / np.linalg.norm(beside)
    return torch.from_numpy(vector / np.linalg.norm(vector)).float()


def _keep(out: Path, done: dict[str, Clip]) -> None:
    write_manifest(out, sorted(done.values(), key=lambda clip: clip.id))
