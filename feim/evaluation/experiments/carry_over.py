"""Carried over: does emotion that was learnt from real Polish actors serve English speech better than the teachers' rules?"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from feim.evaluation.experiments.confusion import confusion
from feim.evaluation.experiments.experiment import Experiment, Picture, weights_of
from feim.evaluation.experiments.figures import heat_map
from feim.evaluation.experiments.stage import Stage, Voice
from feim.evaluation.experiments.statistics import Mean, mean, ratio
from feim.evaluation.judges import ActedEmotionJudge
from feim.evaluation.metrics import word_errors
from feim.evaluation.report import Row
from feim.models import checkpoint
from feim.models.tts import FEIMTTS
from feim.models.voice_emotion import VoiceEmotion
from feim.signal.emotion import EMOTIONS

NAME = "carry-over"
BILINGUAL, LISTENER = TRAINED = ("tts-bilingual", "acted-emotion-judge")
RULES, ACTORS = "teachers' rules, shipped", "Polish actors, bilingual model"
ASKED_FOR = tuple(label for label in EMOTIONS if label != "disgusted")  # nobody in nEMO is
INTENSITIES = (1.0, 5.0)
FACES = 4
ACTED, ACTORS_ALONE = "judge of actors and teachers", "judge of actors alone"
COMMANDS = """python -m feim synthesise-corpus corpora/teachers_neutral --neutral --sentences SENTENCES.txt --clips 1500 --speakers 120
python -m feim revoice corpora/nemo corpora/nemo_lent
mkdir -p runs/ablations && cp assets/checkpoints/{voice-network,face-network,tts}.* runs/ablations/
python -m feim train tts --name tts-bilingual --initial tts --forget-emotions --corpus corpora/teachers_neutral \\
    --corpus corpora/nemo_lent --corpus corpora/nemo --corpus corpora/librispeech --shares 0.4 0.3 0.15 0.15 \\
    --faces LONDON --checkpoints runs/ablations --steps 2600
python -m feim train emotion-recogniser --name acted-emotion-judge --corpus corpora/nemo --checkpoints runs/ablations
python -m feim evaluate feim-tts --data DATA --out OUT --resume --ablations runs/ablations"""


def measure(stage: Stage, folder: Path) -> dict:
    """Both voices say the same sentences for the same unseen faces, with every emotion that actors showed, at γ = 1 and 5.

    Who hears emotions is told neither which voice it is nor what was asked for; judges of acted emotion know each voice by all that
    it says at γ = 1. One of them learnt from actors alone, so that the rules' style is as strange to it as a stranger's.

    Returns: weights; asked; intensities; per voice probabilities: judge → (faces, sentences, asked, γ, 7); words and errors (N,) and
    naturalness (N,) at γ = 1.
    """
    bilingual = checkpoint.to_device(checkpoint.load(FEIMTTS, BILINGUAL, folder))
    voices = {RULES: stage.voice, ACTORS: Voice(replace(stage.voice.studio, tts=bilingual))}
    acted = {ACTED: ActedEmotionJudge.shipped(), ACTORS_ALONE: ActedEmotionJudge(checkpoint.load(VoiceEmotion, LISTENER, folder))}
    texts = stage.material.short[: max(2, stage.material.extent.swept // 2)]
    found = {name: _measure_one(stage, voice, acted, texts) for name, voice in voices.items()}
    asked = {"asked": list(ASKED_FOR), "intensities": list(INTENSITIES), "sentences": len(texts)}
    return {"weights": weights_of(TRAINED, folder), **asked, "of": found}


def _measure_one(stage: Stage, voice: Voice, acted: dict[str, ActedEmotionJudge], texts: list[str]) -> dict:
    probabilities: dict[str, list] = {name: [] for name in (*acted, *stage.judges)}
    plain, said = [], []
    for _, vector in stage.material.people[:FACES]:
        waves = [voice.say(text, vector, label, g).wave for text in texts for label in ASKED_FOR for g in INTENSITIES]
        at_one = waves[:: len(INTENSITIES)]
        shape = len(texts), len(ASKED_FOR), len(INTENSITIES), len(EMOTIONS)
        for name, judge in acted.items():
            probabilities[name].append(judge.probabilities(waves, at_one).reshape(shape).round(4).tolist())
        for name, other in stage.judges.items():
            probabilities[name].append(np.stack([other.probabilities(wave) for wave in waves]).reshape(shape).round(4).tolist())
        plain += at_one
        said += [text for text in texts for _ in ASKED_FOR]
    errors, words = word_errors(said, stage.transcripts(plain))
    return {
        "probabilities": probabilities,
        "words": words.tolist(),
        "errors": errors.tolist(),
        "naturalness": stage.naturalness(plain),
    }


def chosen(found: dict, voice: str, judge: str, column: int) -> np.ndarray:
    """(faces · sentences, asked) the likeliest emotion at one γ."""
    table = np.array(found["of"][voice]["probabilities"][judge])  # (F, S, A, γ, 7)
    return table[:, :, :, column].argmax(-1).reshape(-1, len(found["asked"]))


def heard(found: dict, voice: str, judge: str, column: int) -> Mean:
    """How often the emotion asked for is heard, over faces and sentences."""
    wanted = [EMOTIONS.index(label) for label in found["asked"]]
    return mean((chosen(found, voice, judge, column) == wanted).mean(axis=1))


def rows(found: dict) -> list[Row]:
    """Emotions heard, words and naturalness of both voices."""
    made = []
    for judge in found["of"][RULES]["probabilities"]:
        for column, intensity in enumerate(found["intensities"]):
            for voice in (RULES, ACTORS):
                m = heard(found, voice, judge, column)
                note = f"± {m.error:.3f} (SE), {m.count} × {len(found['asked'])} readings; chance .14"
                made.append(Row(f"English emotion heard, {judge}, γ = {intensity:g}, learnt from {voice}", m.value, note=note))
    for voice in (RULES, ACTORS):
        of = found["of"][voice]
        errors, natural = ratio(of["errors"], of["words"]), mean(of["naturalness"])
        made.append(Row(f"word error rate, γ = 1, learnt from {voice}", errors.value, digits=3, note=f"± {errors.error:.3f} (SE)"))
        made.append(Row(f"DNSMOS OVR, γ = 1, learnt from {voice}", natural.value, note=f"± {natural.error:.3f} (SE)"))
    return made


def draw(found: dict) -> list[Picture]:
    """What judges of acted emotion hear from each voice."""
    pictures = []
    for judge in (ACTED, ACTORS_ALONE):
        for voice in (RULES, ACTORS):
            figure = heat_map(confusion(chosen(found, voice, judge, 0)), found["asked"], EMOTIONS, "heard", "asked for")
            pictures.append(Picture(f"Learnt from {voice}", f"English at γ = 1; percent of each row, by the {judge}.", figure))
    return pictures


def experiment(folder: Path | None) -> Experiment:
    """The experiment with the bilingual model in `folder`."""
    return Experiment(
        name=NAME,
        title="Emotion carried over: from Polish actors to English speech",
        asked="Does emotion that was learnt from real actors of another language serve English better than the rules of our teachers?",
        paper="Learns from English actors (CREMA-D) and has no such question.",
        differs="The bilingual model is the shipped one, its emotions erased and learnt again from four Polish actors, whose readings were "
        "also lent to designed voices; its English teachers were neutral. Of the judges who know the voice, one learnt from three other "
        "actors and from teachers whom no voice heard, so it has met the rules' style; the other learnt from those actors alone, and "
        "Polish. The teachers' judge knows the rules best. The better voice ships.",
        measure=lambda stage: measure(stage, folder),
        rows=rows,
        draw=draw,
        commands=COMMANDS,
    )
