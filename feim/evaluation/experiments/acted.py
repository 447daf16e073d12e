"""Emotion learnt from real actors: the Polish voice against actors whom it never heard, saying sentences that it never learnt."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from feim.data.clip import Clip
from feim.data.corpora.nemo import is_test_sentence, read_nemo
from feim.evaluation.experiments.confusion import confusion
from feim.evaluation.experiments.distortion import ALL, BASE, MEASURES, OURS, by_emotion, compare
from feim.evaluation.experiments.experiment import Experiment, Picture
from feim.evaluation.experiments.figures import EMOTION_COLOURS, curves, dumbbells, heat_map, intervals
from feim.evaluation.experiments.material import Reading, count_phonemes
from feim.evaluation.experiments.stage import Stage, Voice
from feim.evaluation.experiments.statistics import Mean, mean
from feim.evaluation.judges import ActedEmotionJudge
from feim.evaluation.metrics import spearman
from feim.evaluation.report import Row
from feim.models.embeddings import VoiceNetwork
from feim.signal.audio import mel_spectrogram, read_audio
from feim.signal.emotion import EMOTIONS

LANGUAGE, SPOKEN_AS = "pl", "pl"
INTENSITIES = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 10.0, 30.0)
RISING = slice(1, 6)  # γ from 1 to 5
RISES = 0.9  # Spearman's rank correlation
INTRODUCING = 6  # neutral clips that tell a reader's voice
FACES = 4
STRANGERS, TEACHERS = "actors never heard", "actors it learnt from"
GROUPS = {STRANGERS: "judge", TEACHERS: "test"}  # whose readings of sentences that were never learnt; their split


def experiment(folder: Path) -> Experiment:
    """On nEMO, in `folder`."""
    return Experiment(
        name="acted",
        title="Emotion from real actors: the Polish voice",
        asked="Does a voice that learnt emotion from actors come nearer to other actors' readings, and is more heard with more γ?",
        paper="Learns from CREMA-D's English actors; no figure for another language.",
        differs="nEMO, Polish: four actors taught the voice. Ten sentences that it never learnt are spoken in the voices of those four, "
        "and of three others, who taught the judge and whom the voice never heard. There is no disgust in nEMO. No recogniser for "
        "Polish words is at hand, so words are not counted.",
        measure=lambda stage: measure(stage, folder),
        rows=rows,
        draw=draw,
    )


def measure(stage: Stage, folder: Path) -> dict:
    """Actors' readings against the same lines at γ = 1 and 0, in the actor's own voice; and a sweep of γ by unseen faces.

    Returns: for GROUPS, what `compare` does; intensities; asked (5,) emotions; probabilities (faces, sentences, 5, γ, 7) by the judge
    of acted emotion, who knows each voice by what it says at γ = 1, without labels.
    """
    voice, judge = Voice(stage.voice.studio, LANGUAGE), ActedEmotionJudge.shipped()
    clips = read_nemo(folder)
    compared = {group: _compare(stage, voice, clips, folder, split) for group, split in GROUPS.items()}
    asked = [label for label in EMOTIONS[1:] if any(clip.emotion == label for clip in clips)]
    texts = sorted({clip.text for clip in clips if is_test_sentence(clip.id)})[: stage.material.extent.swept]
    people = [vector for _, vector in stage.material.people[:FACES]]
    found = {"intensities": list(INTENSITIES), "asked": asked, "sentences": len(texts)}
    return found | compared | {"probabilities": [_sweep(voice, judge, texts, v, asked).tolist() for v in people]}


def _compare(stage: Stage, voice: Voice, clips: Sequence[Clip], folder: Path, split: str) -> dict:
    held = [clip for clip in clips if clip.split == split and is_test_sentence(clip.id)]
    held = held[:: max(1, len(held) // (3 * stage.material.extent.readings))]
    vectors = {name: introduce(stage.material.ears, clips, folder, name) for name in sorted({clip.speaker for clip in held})}
    readings = [
        Reading(c.text, c.emotion, c.speaker, read_audio(folder / c.audio), count_phonemes(c.text, SPOKEN_AS), vectors[c.speaker])
        for c in held
    ]
    said = {name: [voice.say(r.text, r.vector, r.emotion, intensity) for r in readings] for name, intensity in ((OURS, 1.0), (BASE, 0.0))}
    return compare(stage, readings, said)


@torch.inference_mode()
def introduce(ears: VoiceNetwork, clips: Sequence[Clip], folder: Path, speaker: str) -> Tensor:
    """(512,) unit vector of a speaker, from neutral clips of sentences that are not for tests."""
    own = [clip for clip in clips if clip.speaker == speaker and clip.emotion == "neutral" and not is_test_sentence(clip.id)]
    vectors = [ears(mel_spectrogram(read_audio(folder / clip.audio))[None])[0] for clip in own[:INTRODUCING]]
    return torch.nn.functional.normalize(torch.stack(vectors).mean(0), dim=0)


def _sweep(voice: Voice, judge: ActedEmotionJudge, texts: list[str], vector: Tensor, asked: list[str]) -> np.ndarray:
    """(sentences, emotions, γ, 7) probabilities of one face's voice."""
    waves = [voice.say(text, vector, label, intensity).wave for text in texts for label in asked for intensity in INTENSITIES]
    neutral = [voice.say(text, vector, "neutral").wave for text in texts]
    known = [*neutral, *waves[1 :: len(INTENSITIES)]]  # everything at γ = 1
    heard = judge.probabilities(waves, known)
    return heard.reshape(len(texts), len(asked), len(INTENSITIES), len(EMOTIONS)).round(4)


def probability(found: dict) -> dict[str, list[Mean]]:
    """Emotion → how surely it is heard at every γ, over faces and sentences."""
    table = np.array(found["probabilities"])  # (F, S, E, γ, 7)
    return {
        label: [mean(column.ravel()) for column in np.moveaxis(table[:, :, row, :, EMOTIONS.index(label)], 2, 0)]
        for row, label in enumerate(found["asked"])
    }


def rows(found: dict) -> list[Row]:
    """Distortion and prosody against the baseline; rank correlations of γ from 1 to 5; emotions heard at γ = 1."""
    made = []
    for who in GROUPS:
        for what, title, unit, _ in MEASURES:
            ours, base, gained = (by_emotion(found[who], what, *of) for of in ((OURS,), (BASE,), (OURS, BASE)))
            for group, difference in gained.items():
                note = f"{ours[group].value:.2f} and {base[group].value:.2f}; ± {difference.error:.3f} (SE), {difference.count} readings"
                bar = 0.0 if what == "distortion" and group == ALL else None
                made.append(Row(f"{who}, {title}, γ = 1 less γ = 0, {group}, {unit}", difference.value, bar, True, digits=3, note=note))
    lines = probability(found)
    means = {"all emotions": np.mean([[m.value for m in line] for line in lines.values()], axis=0)}
    means |= {label: [m.value for m in line] for label, line in lines.items()}
    for label, values in means.items():
        note = "at " + ", ".join(f"{g:g}: {p:.3f}" for g, p in zip(found["intensities"], values, strict=True))
        rho = spearman(found["intensities"][RISING], values[RISING])
        made.append(Row(f"actors, γ from 1 to 5 and probability, {label}", rho, RISES if label == "all emotions" else None, note=note))
    shares = heard_as(found)
    right = np.mean([shares[row, EMOTIONS.index(label)] for row, label in enumerate(found["asked"])])
    note = f"{len(found['probabilities'])} unseen faces, {found['sentences']} sentences, {len(found['asked'])} emotions; chance .14"
    return [*made, Row("actors, emotion heard, γ = 1", float(right), note=note)]


def heard_as(found: dict) -> np.ndarray:
    """(5, 7): the share of each emotion, asked for at γ = 1, that is heard as each."""
    likeliest = np.array(found["probabilities"])[:, :, :, 1].argmax(-1)  # (F, S, E)
    return confusion(likeliest.reshape(-1, len(found["asked"])))


def draw(found: dict) -> list[Picture]:
    """Curves over γ, what is heard, distortion and prosody."""
    compared = []
    for who in GROUPS:
        both = {name: by_emotion(found[who], "distortion", name) for name in (BASE, OURS)}
        compared += [
            Picture(f"Distortion from {who}", "Without an emotion and with it; nearer to zero is nearer.", dumbbells(both, "dB")),
            Picture(f"Prosody’s distance from {who}", "γ = 1 less γ = 0; left of the line the emotion brings it nearer.",
                    intervals(by_emotion(found[who], "prosody", OURS, BASE), "difference, JND")),
        ]  # fmt: skip
    return [
        Picture("Heard by the judge of acted emotion", "Probability of the emotion asked for, mean over faces and sentences, 95 % bands.",
                curves(found["intensities"], probability(found), EMOTION_COLOURS, "intensity γ", "probability", top=1.0), wide=True),
        *compared,
        Picture("What is heard at γ = 1", "Percent of what was asked for, row by row.",
                heat_map(heard_as(found), found["asked"], EMOTIONS, "heard", "asked for")),
    ]  # fmt: skip
