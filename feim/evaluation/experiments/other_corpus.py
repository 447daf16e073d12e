"""A corpus never trained on: its own sentences in its own readers' voices, beside their recordings."""

from feim.evaluation.experiments.distortion import compare
from feim.evaluation.experiments.experiment import Experiment, Picture
from feim.evaluation.experiments.figures import intervals
from feim.evaluation.experiments.stage import Spoken, Stage
from feim.evaluation.experiments.statistics import Mean, mean, ratio
from feim.evaluation.metrics import word_errors
from feim.evaluation.report import Row
from feim.signal.emotion import EMOTIONS

RECORDED, PLAIN, MOVED, STRANGER = "recordings", "γ = 0", "γ = 1, six emotions", "γ = 0, another reader's voice"


def measure(stage: Stage) -> dict:
    """Every reading again without an emotion, with one of six in turn, and in the next reader's voice.

    Returns: texts and words (N,); errors and naturalness: who speaks → (N,); distortion: synthesis → (N,) dB; heard: judge → (N,) 0 or 1
    for the emotions.
    """
    readings = stage.material.other_corpus
    emotions = [EMOTIONS[1 + index % (len(EMOTIONS) - 1)] for index in range(len(readings))]
    strangers = [*readings[1:], readings[0]]
    said: dict[str, list[Spoken]] = {
        PLAIN: [stage.voice.say(r.text, r.vector, "neutral", 0.0) for r in readings],
        MOVED: [stage.voice.say(r.text, r.vector, emotion) for r, emotion in zip(readings, emotions, strict=True)],
        STRANGER: [stage.voice.say(r.text, other.vector, "neutral", 0.0) for r, other in zip(readings, strangers, strict=True)],
    }
    waves = {RECORDED: [r.wave for r in readings], **{name: [s.wave for s in said[name]] for name in (PLAIN, MOVED)}}
    texts = [r.text for r in readings]
    counted = {name: word_errors(texts, stage.transcripts(of)) for name, of in waves.items()}
    heard = [stage.heard(wave) for wave in waves[MOVED]]
    return {
        "texts": texts,
        "words": counted[RECORDED][1].tolist(),
        "errors": {name: errors.tolist() for name, (errors, _) in counted.items()},
        "naturalness": {name: stage.naturalness(of) for name, of in waves.items()},
        "distortion": compare(stage, readings, said)["distortion"],
        "heard": {
            judge: [float(EMOTIONS[p[judge].index(max(p[judge]))] == emotion) for p, emotion in zip(heard, emotions, strict=True)]
            for judge in stage.judges
        },
    }


def words(found: dict) -> dict[str, Mean]:
    return {name: ratio(errors, found["words"]) for name, errors in found["errors"].items()}


def naturalness(found: dict) -> dict[str, Mean]:
    return {name: mean(opinions) for name, opinions in found["naturalness"].items()}


def distortion(found: dict) -> dict[str, Mean]:
    return {name: mean(decibels) for name, decibels in found["distortion"].items()}


def rows(found: dict) -> list[Row]:
    """Words and naturalness beside the recordings', distortion beside another reader's voice, emotions as heard."""
    made, count = [], f"{len(found['texts'])} speakers, a sentence each"
    for what, of in (("word error rate", words(found)), ("DNSMOS OVR", naturalness(found))):
        for name in (PLAIN, MOVED):
            note = f"± {of[name].error:.3f} (SE); {RECORDED} {of[RECORDED].value:.3f}; {count}"
            made.append(Row(f"{what}, {name}, another corpus", of[name].value, digits=3, note=note))
    decibels = found["distortion"]
    nearer = mean([a - b for a, b in zip(decibels[PLAIN], decibels[STRANGER], strict=True)])
    both = distortion(found)
    note = f"in its reader's voice {both[PLAIN].value:.2f}, in another's {both[STRANGER].value:.2f}; ± {nearer.error:.2f} (SE)"
    made.append(Row("mel-cepstral distortion from the recording, own less another voice, dB", nearer.value, 0.0, at_most=True, note=note))
    for judge, right in found["heard"].items():
        note = f"± {mean(right).error:.2f} (SE); the corpus has no emotions of its own, so this is what was asked for; chance .14"
        made.append(Row(f"emotion heard, another corpus, γ = 1, {judge}", mean(right).value, note=note))
    return made


def draw(found: dict) -> list[Picture]:
    """Three measures, each with the recordings or the other voice beside ours."""
    return [
        Picture("Word error rate", "By pocketsphinx, with 95 % intervals; lower is better.",
                intervals(words(found), "word error rate", zero=False)),
        Picture("Naturalness", "DNSMOS OVR from 1 to 5, with 95 % intervals.", intervals(naturalness(found), "DNSMOS OVR", zero=False)),
        Picture("Distortion from the recording", "Mel-cepstral, with 95 % intervals; lower is nearer.",
                intervals(distortion(found), "dB", zero=False)),
    ]  # fmt: skip


EXPERIMENT = Experiment(
    name="other-corpus",
    title="A corpus never trained on",
    asked="What happens with other texts and real people's voices that no model heard?",
    paper="Calls its speech zero-shot; a test on a corpus outside training is one that the summary of the paper asks for, on IEMOCAP for "
    "example. No figure is given to compare with.",
    differs="LibriSpeech's held-out readers: books, real voices, no emotion labels, so emotions are asked for and judged, not compared "
    "with acted ones. Half an hour of other LibriSpeech readers, without labels, was in training. IEMOCAP is given to those who ask "
    "for it, and is read by python -m feim corpus iemocap.",
    measure=measure,
    rows=rows,
    draw=draw,
)
