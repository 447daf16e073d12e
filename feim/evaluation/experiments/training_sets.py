"""Training sets: labelled speech only, unlabelled only, or both; three models of one size and equally many steps."""

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np

from feim.evaluation.experiments.experiment import Experiment, Picture, weights_of
from feim.evaluation.experiments.figures import intervals
from feim.evaluation.experiments.stage import Stage, Voice
from feim.evaluation.experiments.statistics import Mean, mean, ratio
from feim.evaluation.metrics import cosine, word_errors
from feim.evaluation.report import Row
from feim.models import checkpoint
from feim.models.tts import FEIMTTS
from feim.signal.emotion import EMOTIONS

NAME = "training-sets"
ARMS = {"tts-labelled": "labelled only", "tts-unlabelled": "unlabelled only", "tts-both": "both"}
TRAINED = tuple(ARMS)
COMMANDS = """mkdir -p runs/ablations && cp assets/checkpoints/voice-network.* runs/ablations/
python -m feim train tts --name tts-labelled --corpus corpora/teachers --checkpoints runs/ablations --steps 2500
python -m feim train tts --name tts-unlabelled --corpus corpora/librispeech --checkpoints runs/ablations --steps 2500
python -m feim train tts --name tts-both --corpus corpora/teachers --corpus corpora/librispeech --checkpoints runs/ablations --steps 2500
python -m feim evaluate feim-tts --data DATA --out OUT --resume --ablations runs/ablations"""


def measure(stage: Stage, folder: Path) -> dict:
    """Every model says the same sentences for the same faces at γ = 1, and one sentence for all faces at γ = 0; a model that never
    learnt an emotion says it at γ = 0 too, as nothing else of its is trained.

    Returns: weights; steps; per arm words, errors, naturalness (N,), heard: judge → (N,) 0 or 1, others: cosines of other faces' voices.
    """
    arms = {}
    for name in ARMS:
        tts = checkpoint.to_device(checkpoint.load(FEIMTTS, name, folder))
        voice = Voice(replace(stage.voice.studio, tts=tts), stage.voice.language)
        arms[name] = _measure_one(replace(stage, voice=voice))
    steps = {name: checkpoint.read_card(name, folder).get("settings", {}).get("steps") for name in ARMS}
    return {"weights": weights_of(TRAINED, folder), "steps": steps, "arms": arms}


def _measure_one(stage: Stage) -> dict:
    material = stage.material
    people = [vector for _, vector in material.people]
    texts = material.unseen[: material.extent.arm]
    emotions = [EMOTIONS[index % len(EMOTIONS)] for index in range(len(texts))]
    unlearnt = stage.voice.studio.tts.config.unlearnt
    intensities = [0.0 if emotion in unlearnt else 1.0 for emotion in emotions]
    waves = [stage.voice.say(text, people[i % len(people)], emotions[i], intensities[i]).wave for i, text in enumerate(texts)]
    errors, words = word_errors(texts, stage.transcripts(waves))
    heard = [stage.heard(wave) for wave in waves]
    faces = [stage.recognise(stage.voice.say(material.short[0], vector, "neutral", 0.0).wave) for vector in people[: material.extent.faces]]
    return {
        "words": words.tolist(),
        "errors": errors.tolist(),
        "naturalness": stage.naturalness(waves),
        "heard": {
            judge: [float(int(np.argmax(p[judge])) == EMOTIONS.index(emotion)) for p, emotion in zip(heard, emotions, strict=True)]
            for judge in stage.judges
        },
        "others": [round(float(cosine(a, b)), 4) for a, b in combinations(faces, 2)],
    }


def measures(found: dict) -> dict[str, dict[str, Mean]]:
    """What was measured → arm → its mean."""
    arms = {ARMS[name]: of for name, of in found["arms"].items()}
    made = {
        "word error rate": {arm: ratio(of["errors"], of["words"]) for arm, of in arms.items()},
        "DNSMOS OVR": {arm: mean(of["naturalness"]) for arm, of in arms.items()},
        "cosine of other faces' voices": {arm: mean(of["others"]) for arm, of in arms.items()},
    }
    for judge in next(iter(arms.values()))["heard"]:
        made[f"emotion heard, {judge}"] = {arm: mean(of["heard"][judge]) for arm, of in arms.items()}
    return made


def rows(found: dict) -> list[Row]:
    """Each measure of each training set."""
    steps = ", ".join(f"{ARMS[name]} {count}" for name, count in found["steps"].items())
    return [
        Row(f"{what}, trained on {arm}", m.value, digits=3, note=f"± {m.error:.3f} (SE); steps: {steps}")
        for what, of in measures(found).items()
        for arm, m in of.items()
    ]


def draw(found: dict) -> list[Picture]:
    """The three training sets, measure by measure."""
    better = {
        "DNSMOS OVR": "higher is better",
        "word error rate": "lower is better",
        "cosine of other faces' voices": "lower is more diverse",
    }
    return [
        Picture(
            what[0].upper() + what[1:],
            f"With 95 % intervals; {better.get(what, 'higher is better; chance .14')}.",
            intervals(of, what, zero=False),
        )
        for what, of in measures(found).items()
    ]


def experiment(folder: Path | None) -> Experiment:
    """The experiment with the three models in `folder`."""
    return Experiment(
        name=NAME,
        title="Training sets: labelled, unlabelled, both",
        asked="What does each kind of training data give: speech with labelled emotions, speech without, or both?",
        paper="Trains on both, conditionally on CREMA-D and MELD and unconditionally on LRS3, and credits the combination with its "
        "quality; the two halves alone are a check that the summary of the paper asks for.",
        differs="Labelled speech is the synthetic teachers', unlabelled speech LibriSpeech's; LRS3's faces are absent, so all three "
        "models learn from voice vectors alone and speak for faces through the shared space.",
        measure=lambda stage: measure(stage, folder),
        rows=rows,
        draw=draw,
        commands=COMMANDS,
    )
