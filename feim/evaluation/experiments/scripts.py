"""Seen against unseen scripts: sentences that the teachers read for training, beside sentences that no model was trained on."""

from feim.evaluation.experiments.experiment import Experiment, Picture
from feim.evaluation.experiments.figures import intervals
from feim.evaluation.experiments.material import read_aloud
from feim.evaluation.experiments.stage import Stage
from feim.evaluation.experiments.statistics import Mean, difference, mean, ratio
from feim.evaluation.material import LABELLED
from feim.evaluation.metrics import word_errors
from feim.evaluation.report import Row
from feim.signal.emotion import EMOTIONS

SIDES = ("seen", "unseen")


def measure(stage: Stage) -> dict:
    """Pairs of a seen and an unseen sentence of equally many words, said by the same face with the same emotion at γ = 1.

    Returns: side → errors, words (N,) of ours and `their_errors` of a teacher's reading; naturalness (N,); heard: judge → (N,) 0 or 1.
    """
    pairs, people = stage.material.pairs, stage.material.people
    emotions = [EMOTIONS[index % len(EMOTIONS)] for index in range(len(pairs))]
    takes = [[(emotion, 0.0 if emotion == "neutral" else LABELLED)] for emotion in emotions]
    read = [list(stage.pool.map(read_aloud, side, range(len(pairs)), takes)) for side in zip(*pairs, strict=True)]
    kept = [index for index in range(len(pairs)) if all(side[index] is not None for side in read)]
    found = {"emotions": [emotions[index] for index in kept]}
    for number, side in enumerate(SIDES):
        texts = [pairs[index][number] for index in kept]
        waves = [
            stage.voice.say(text, people[index % len(people)][1], emotions[index]).wave for index, text in zip(kept, texts, strict=True)
        ]
        errors, words = word_errors(texts, stage.transcripts(waves))
        their_errors, _ = word_errors(texts, stage.transcripts(read[number][index][2][0] for index in kept))
        heard = [stage.heard(wave) for wave in waves]
        found[side] = {
            "texts": texts,
            "words": words.tolist(),
            "errors": errors.tolist(),
            "their_errors": their_errors.tolist(),
            "naturalness": stage.naturalness(waves),
            "heard": {
                judge: [float(_likeliest(p[judge]) == emotions[index]) for p, index in zip(heard, kept, strict=True)]
                for judge in stage.judges
            },
        }
    return found


def _likeliest(probabilities: list[float]) -> str:
    return EMOTIONS[probabilities.index(max(probabilities))]


def measures(found: dict) -> dict[str, dict[str, Mean]]:
    """What was measured → seen, unseen, and unseen − seen."""
    seen, unseen = (found[side] for side in SIDES)
    words = {side: ratio(found[side]["errors"], found[side]["words"]) for side in SIDES}
    beyond = {
        side: ratio([a - b for a, b in zip(found[side]["errors"], found[side]["their_errors"], strict=True)], found[side]["words"])
        for side in SIDES
    }
    made = {
        "word error rate": words | {"difference": difference(words["unseen"], words["seen"])},
        "word error rate above the teachers'": beyond | {"difference": difference(beyond["unseen"], beyond["seen"])},
        "DNSMOS OVR": _paired(seen["naturalness"], unseen["naturalness"]),
    }
    for judge in seen["heard"]:
        made[f"emotion heard, {judge}"] = _paired(seen["heard"][judge], unseen["heard"][judge])
    return made


def _paired(seen: list[float], unseen: list[float]) -> dict[str, Mean]:
    return {"seen": mean(seen), "unseen": mean(unseen), "difference": mean([b - a for a, b in zip(seen, unseen, strict=True)])}


def rows(found: dict) -> list[Row]:
    """Each measure on unseen sentences, with the seen ones and the difference in the note."""
    made = []
    for what, of in measures(found).items():
        note = f"seen {of['seen'].value:.3f}, difference {of['difference'].told('+.3f')}, {of['unseen'].count} pairs of sentences"
        made.append(Row(f"{what}, unseen scripts", of["unseen"].value, digits=3, note=note))
    return made


def draw(found: dict) -> list[Picture]:
    """Seen and unseen side by side, measure by measure."""
    return [
        Picture(what[0].upper() + what[1:], f"With 95 % intervals; unseen less seen: {of['difference'].told('+.3f')}.",
                intervals({side: of[side] for side in SIDES}, what, zero=False))
        for what, of in measures(found).items()
    ]  # fmt: skip


EXPERIMENT = Experiment(
    name="scripts",
    title="Seen against unseen scripts",
    asked="Does the voice say sentences that it never met as well as those that it was trained on?",
    paper="Scripts outside the training utterances are spoken worse than seen ones, its summary says; CREMA-D has twelve sentences in all.",
    differs="About 2,500 sentences were trained on, each read by a few teachers, so few are memorised; pairs have equally many words. "
    "Words are counted by pocketsphinx, naturalness is predicted by DNSMOS, where the paper asked raters.",
    measure=measure,
    rows=rows,
    draw=draw,
)
