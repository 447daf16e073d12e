"""The suite behind `python -m feim evaluate speech`: every figure that the speech must reach, measured and printed beside its bar."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from feim.evaluation import app, bench
from feim.evaluation.judges import EmotionJudge, SpeakerJudge, listeners, rate_naturalness, transcribe
from feim.evaluation.material import FULL, QUICK, Extent, Line, Material, gather
from feim.evaluation.metrics import area_under_curve, cosine, prosody, prosody_distance, spearman, word_error_margin, word_error_rate
from feim.evaluation.report import Report, Row, go_on
from feim.models import checkpoint
from feim.models.embeddings import VoiceNetwork
from feim.signal.audio import mel_spectrogram
from feim.signal.emotion import EMOTIONS
from feim.signal.text import LETTERS

if TYPE_CHECKING:
    from feim.speaking import Speech
    from feim.studio import Studio

WORDS_LOST = {1.0: 0.02, 15.0: 0.05, 30.0: 0.10}  # γ → word error rate above the teachers' own
NATURALNESS_LOST = {"vocoder": 0.15, "speech": 0.10}  # DNSMOS OVR under the recordings' and under the teachers'
EMOTION_HEARD = 0.70
INTENSITIES = (0.0, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0)
INTENSITY_HEARD = 0.9
GENDER_HEARD, SAME_VOICE, OTHER_VOICE = 0.95, 0.8, 0.9
FASTEST, U_NET = 0.05, 10.0  # RTF; how often faster than the paper's decoder
MEMORY, START = 2.0, 20.0  # GiB, s


def evaluate_speech(
    studio: "Studio", data: Path, out: Path, quick: bool = False, resume: bool = False, say: Callable[[str], None] = print
) -> Report:
    """Measure everything; out/speech.json and out/speech.md are written anew after every measure.

    Args:
        data: folder with text/ljspeech_sentences.txt, london/, librispeech/ and models/dnsmos_sig_bak_ovr.onnx.
        quick: a twelfth of the material, in two minutes.
        resume: go on with out/speech.json.
    Raises: ForeignReport, MissingCheckpoint, and FileNotFoundError or ValueError for what is not in `data`.
    """
    extent, path = QUICK if quick else FULL, Path(out) / "speech.json"
    sampling = asdict(studio.sampling) | {"interval": list(studio.sampling.interval)}  # as JSON gives it back
    settings = {"extent": asdict(extent), "weights": weights(), "sampling": sampling}
    report = go_on(path, settings) if resume else Report(path, settings)
    report.say = say
    judge = EmotionJudge.shipped()
    report.measure("speed", partial(speed, studio))  # first: nothing else runs beside it
    with listeners() as pool:
        stage = Stage(studio, gather(Path(data), extent, pool), judge, pool)
        for intensity in WORDS_LOST:
            report.measure(f"words at {intensity:g}", partial(words, stage, intensity))
        report.measure("vocoder", partial(vocoder_naturalness, stage))
        report.measure("naturalness", partial(naturalness, stage))
        report.measure("emotion", partial(emotion, stage))
        report.measure("Face-TTS", partial(face_tts, stage))
        for label in EMOTIONS[1:]:
            report.measure(f"intensity of {label}", partial(intensity_of, stage, label, extent))
        report.measure("gender", partial(gender, stage))
        report.measure("voices", partial(voices, stage, extent))
    report.measure("app", memory_and_start)
    return report


def weights() -> dict[str, str]:
    """Name → first digits of the SHA-256 of every shipped checkpoint: which models a report is about."""
    return {path.stem: checkpoint.fingerprint(path.stem, path.parent) for path in sorted(checkpoint.CHECKPOINTS.glob("*.safetensors"))}


@dataclass
class Stage:
    """The speaker, what is to be said, and who listens. What was said at one γ is kept: several judges hear it."""

    studio: "Studio"
    material: Material
    judge: EmotionJudge
    pool: ProcessPoolExecutor
    kept: dict[float, list[np.ndarray]] = field(default_factory=dict)

    def say(self, intensity: float) -> Iterator[np.ndarray]:
        """Every line at one γ, one waveform after the other."""
        if intensity not in self.kept:
            said = []
            for line in self.material.lines:
                said.append(self.speak(line, intensity).waveform)
                yield said[-1]
            self.kept[intensity] = said
        else:
            yield from self.kept[intensity]

    def speak(self, line: Line, intensity: float) -> "Speech":
        return self.studio.speak(line.text, line.face, line.emotion, intensity)

    @cached_property
    def teachers(self) -> list[np.ndarray]:
        """The teachers' readings of the same lines."""
        return [line.teacher for line in self.material.lines]

    @cached_property
    def heard_from_teachers(self) -> list[str]:
        return list(self.pool.map(transcribe, self.teachers))

    @cached_property
    def emotions(self) -> list[str]:
        """What was asked for in every line."""
        return [line.emotion for line in self.material.lines]


def words(stage: Stage, intensity: float) -> list[Row]:
    """Word error rate at one γ: no more than so many points above the teachers' on the same sentences."""
    rate, teachers, note = _word_errors(stage, intensity)
    return [Row(f"word error rate, γ = {intensity:g}", rate, teachers + WORDS_LOST[intensity], at_most=True, digits=3, note=note)]


def _word_errors(stage: Stage, intensity: float) -> tuple[float, float, str]:
    """Our word error rate at one γ, the teachers' on the same sentences, and both in words."""
    said = [line.text for line in stage.material.lines]
    own = stage.heard_from_teachers
    heard = list(stage.pool.map(transcribe, stage.say(intensity)))
    teachers, rate = word_error_rate(said, own), word_error_rate(said, heard)
    margin = 2 * word_error_margin(said, heard, own)
    return rate, teachers, f"teachers {teachers:.3f}, difference {rate - teachers:+.3f} ± {margin:.3f} (2 SE), {len(said)} sentences"


def _opinions(stage: Stage, waves: list[np.ndarray]) -> np.ndarray:
    """(clips,) overall DNSMOS."""
    rate = partial(rate_naturalness, weights=stage.material.dnsmos)
    return np.array([opinion.ovr for opinion in stage.pool.map(rate, waves)])


def vocoder_naturalness(stage: Stage) -> list[Row]:
    """The vocoder alone: recordings of unseen speakers → mel → sound."""
    recordings = list(stage.material.recordings)
    again = [stage.studio.vocoder.synthesise(mel_spectrogram(wave))[0] for wave in recordings]
    original, copied = _opinions(stage, recordings), _opinions(stage, again)
    note = f"recordings {original.mean():.3f}, {len(recordings)} unseen speakers"
    return [
        Row("DNSMOS OVR, vocoder alone", copied.mean().item(), original.mean().item() - NATURALNESS_LOST["vocoder"], digits=3, note=note)
    ]


def naturalness(stage: Stage) -> list[Row]:
    """Text to speech at γ = 1 against the teachers' readings of the same lines."""
    ours, teachers = _opinions(stage, list(stage.say(1.0))), _opinions(stage, stage.teachers)
    note = f"teachers {teachers.mean():.3f}, {len(ours)} sentences, spread {ours.std():.2f} and {teachers.std():.2f}"
    return [Row("DNSMOS OVR, text to speech", ours.mean().item(), teachers.mean().item() - NATURALNESS_LOST["speech"], digits=3, note=note)]


def emotion(stage: Stage) -> list[Row]:
    """Whether a judge trained on other speakers hears the emotion that was asked for, of seven."""
    right = _heard_right(stage, stage.say(1.0))
    note = f"{len(right)} sentences; the teachers' own: {_heard_right(stage, stage.teachers).mean():.2f}; {_each_emotion(stage, right)}"
    return [Row("emotion heard, γ = 1", float(right.mean()), EMOTION_HEARD, note=note)]


def _heard_right(stage: Stage, waves: Iterable[np.ndarray]) -> np.ndarray:
    """(lines,) whether the judge hears what was asked for."""
    return np.array([stage.judge.emotion(wave) == label for wave, label in zip(waves, stage.emotions, strict=True)])


def _each_emotion(stage: Stage, right: np.ndarray) -> str:
    asked = np.array(stage.emotions)
    return ", ".join(f"{label} {right[asked == label].mean():.2f}" for label in EMOTIONS if label in stage.emotions)


def face_tts(stage: Stage) -> list[Row]:
    """The baseline on the same lines: this model with the null token instead of an emotion (γ = 0) is Face-TTS."""
    rate, _, note = _word_errors(stage, 0.0)
    opinions = _opinions(stage, list(stage.say(0.0)))
    right = _heard_right(stage, stage.say(0.0))
    count = f"{len(right)} sentences"
    return [
        Row("word error rate, Face-TTS (γ = 0)", rate, digits=3, note=note),
        Row("DNSMOS OVR, Face-TTS (γ = 0)", opinions.mean().item(), digits=3, note=f"{count}, spread {opinions.std():.2f}"),
        Row("emotion heard, Face-TTS (γ = 0)", float(right.mean()), note=f"{count}; {_each_emotion(stage, right)}"),
    ]


def intensity_of(stage: Stage, label: str, extent: Extent) -> list[Row]:
    """Whether one emotion grows with γ: in the judge's probability, and in the distance of prosody from γ = 0.

    The same sentences by the same voices at every γ; the mean over them is ranked.
    """
    index = EMOTIONS.index(label)
    probabilities, distances = [], []
    for take in range(extent.paired):
        place = (EMOTIONS.index(label) + take * len(EMOTIONS)) % len(stage.material.short)
        text, (_, face) = stage.material.short[place], stage.material.people[place % len(stage.material.people)]
        speeches = [stage.studio.speak(text, face, label, intensity) for intensity in INTENSITIES]
        measured = [prosody(s.waveform, sum(symbol in LETTERS for symbol in s.phonemes)) for s in speeches]
        probabilities.append([stage.judge.probabilities(s.waveform)[index] for s in speeches])
        distances.append([prosody_distance(found, measured[0]) for found in measured])
    rows = []
    for what, values, digits in (("probability", probabilities, 2), ("prosody", distances, 1)):
        mean = np.mean(values, axis=0)  # (γ,)
        note = "at " + ", ".join(f"{g:g}: {v:.{digits}f}" for g, v in zip(INTENSITIES, mean, strict=True))
        rows.append(Row(f"γ and {what}, {label}", spearman(INTENSITIES, mean), INTENSITY_HEARD, note=note))
    return rows


def gender(stage: Stage) -> list[Row]:
    """Whether the median pitch of the voice tells the declared gender of people never trained on."""
    text = stage.material.short[0]
    women = [person.gender == "female" for person, _ in stage.material.people]
    pitch = np.array([prosody(stage.studio.speak(text, face).waveform, 1).pitch for _, face in stage.material.people])
    of = {name: np.median(pitch[np.array(women) == is_woman]) for name, is_woman in (("women", True), ("men", False))}
    note = f"{len(women)} people; median {of['women']:.0f} Hz for women, {of['men']:.0f} Hz for men"
    return [Row("F0 tells gender, area under the curve", area_under_curve(pitch, women), GENDER_HEARD, note=note)]


def voices(stage: Stage, extent: Extent) -> list[Row]:
    """Whether a face keeps its voice whatever is said, and whether other faces have other voices.

    The bar of the cosine is one of the network that the model learnt with; the speaker judge, who met neither, tells voices apart too.
    """
    people, texts = stage.material.people[: extent.voices], stage.material.short[1 : 1 + extent.texts]
    said = [(who, stage.studio.speak(text, face).waveform) for who, (_, face) in enumerate(people) for text in texts]
    rows = []
    for name, bar in (("voice-network", SAME_VOICE), ("speaker-judge", None)):
        judge = SpeakerJudge(checkpoint.load(VoiceNetwork, name))
        heard = [(who, judge.vector(wave)) for who, wave in said]
        pairs = [(a == b, float(cosine(x, y))) for (a, x), (b, y) in combinations(heard, 2)]
        same, other = ([c for is_same, c in pairs if is_same is wanted] for wanted in (True, False))
        apart = area_under_curve([c for _, c in pairs], [is_same for is_same, _ in pairs])
        kept = f"{len(people)} faces, {len(texts)} texts; lowest {min(same):.2f}"
        others = f"mean cosine of other faces {np.mean(other):.2f}"
        rows += [
            Row(f"same face, same voice: mean cosine, {name}", float(np.mean(same)), bar, note=kept),
            Row(f"other faces, other voices: area under the curve, {name}", apart, OTHER_VOICE, note=others),
        ]
    return rows


def speed(studio: "Studio") -> list[Row]:
    """Text to waveform for a 5 s sentence with guidance on, beside our own U-Net decoder with the paper's 10 Euler steps."""
    text = bench.TEXTS["5 s"]
    ours, slow = bench.measure_pace(studio, text), bench.measure_pace(bench.with_paper_decoder(studio), text, repeats=1)
    cores = f"{torch.get_num_threads()} threads"
    return [
        Row("real-time factor, 5 s sentence", ours.rtf(), FASTEST, at_most=True, digits=3, note=f"{ours.audio:.1f} s of speech, {cores}"),
        Row("times faster than the U-Net, 10 Euler steps", slow.rtf() / ours.rtf(), U_NET, digits=1, note=f"its RTF {slow.rtf():.2f}"),
    ]


def memory_and_start() -> list[Row]:
    """The demo as a visitor meets it."""
    found = app.measure()
    return [
        Row("resident memory after speaking, GiB", found.gibibytes, MEMORY, at_most=True, note="python app.py, peak"),
        Row("page ready, s", found.ready, START, at_most=True, digits=1, note="from python app.py to the first answer"),
    ]
