"""Intensity that is heard against the truth, on speakers never heard; on real actors, against what goes with arousal."""

import time
from pathlib import Path

import numpy as np

from feim.data.clip import Clip
from feim.data.tracked_voices import Tracked, one
from feim.evaluation.intensity.material import ACTORS
from feim.evaluation.report import Row
from feim.models.intensity import VoiceIntensity
from feim.signal.audio import mel_spectrogram, read_audio
from feim.signal.emotion import EMOTIONS, NEUTRAL
from feim.signal.face_motion import FRAME_RATE
from feim.signal.world import track_pitch

ALIKE, APART = 0.7, 0.2


def voices(network: VoiceIntensity, material: Tracked) -> list[Row]:
    """Rows for designed voices whose emotion swells with their phrases."""
    told, untold, truth = _heard(network, material)
    felt = _felt(material)
    variance, bend = (float(of(_some(told, felt)) / of(_some(truth, felt))) for of in (_variance, _acceleration))
    return [
        Row("audio → intensity and the truth, Pearson", _pearson(told, truth), ALIKE, note=f"told the emotion; {_counted(material)}"),
        Row("… not told the emotion", _pearson(untold, truth)),
        Row("… within a clip, told, mean", _within(told, truth, felt)),
        Row("variance of heard tracks against the truth's, away from 1", abs(variance - 1), APART, True, note=f"ratio {variance:.2f}"),
        Row("acceleration of heard tracks against the truth's, away from 1", abs(bend - 1), APART, True, note=f"ratio {bend:.2f}"),
    ]


def wandering_voices(network: VoiceIntensity, material: Tracked) -> list[Row]:
    """Rows for voices whose emotion comes and goes anywhere: where a phrase begins says nothing about it."""
    told, untold, truth = _heard(network, material)
    felt = _felt(material)
    within, note = _within(told, truth, felt), f"{_counted(material)}; not told: {_pearson(untold, truth):.2f}; within a clip: "
    return [Row("audio → intensity where it wanders, Pearson, told", _pearson(told, truth), note=f"{note}{within:.2f}")]


def _heard(network: VoiceIntensity, material: Tracked) -> tuple[list[np.ndarray], ...]:
    """Every clip's track as heard when told the emotion, when not told, and as it is."""
    told = [_tracked(network, material, number, {EMOTIONS.index(clip.emotion): 1.0}) for number, clip in enumerate(material.clips)]
    untold = [_tracked(network, material, number, None) for number in range(len(material.clips))]
    return told, untold, [one(material, number)[2] for number in range(len(material.clips))]


def _felt(material: Tracked) -> list[int]:
    """The clips in which anything is felt."""
    return [number for number, clip in enumerate(material.clips) if clip.emotion != EMOTIONS[NEUTRAL]]


def _counted(material: Tracked) -> str:
    return f"{len({clip.speaker for clip in material.clips})} speakers never heard, {len(material.clips)} clips"


def _some(tracks: list[np.ndarray], numbers: list[int]) -> list[np.ndarray]:
    return [tracks[number] for number in numbers]


def _within(heard: list[np.ndarray], truth: list[np.ndarray], felt: list[int]) -> float:
    """Mean correlation over clips whose tracks vary."""
    found = [np.corrcoef(heard[n], truth[n])[0, 1] for n in felt if min(heard[n].std(), truth[n].std()) > 1e-6]
    return float(np.mean(found))


def real_voices(network: VoiceIntensity, clips: list[Clip], data: Path) -> list[Row]:
    """Rows for nEMO: Polish actors, of whom, and of whose language, the network has heard nothing. Its clips are not rated.

    What goes with arousal in any voice stands in: pitch and level against the same actor's neutral clips.
    """
    found = [_real(network, data / ACTORS / clip.audio) for clip in clips]
    heard, pitch, level = (np.array(column) for column in zip(*found, strict=True))
    who = np.array([clip.speaker for clip in clips])
    neutral = np.array([clip.emotion == EMOTIONS[NEUTRAL] for clip in clips])
    alike: dict[str, list[float]] = {"pitch": [], "level": []}
    apart = []
    for actor in np.unique(who):
        own = who == actor
        for name, values in (("pitch", pitch), ("level", level)):
            alike[name].append(float(np.corrcoef(heard[own], values[own])[0, 1]))
        apart.append(float((heard[own & ~neutral][:, None] > heard[own & neutral][None]).mean()))
    note = f"{len(clips)} clips of {len(apart)} Polish actors; not told the emotion; mean over actors, lowest {{:.2f}}"
    rows = [Row(f"real actors: heard intensity and {name}, Pearson", np.mean(v), note=note.format(min(v))) for name, v in alike.items()]
    across = float(np.corrcoef(heard, pitch - np.array([pitch[(who == actor) & neutral].mean() for actor in who]))[0, 1])
    rows.append(Row("real actors: the same across speakers, pitch against each one's neutral", across))
    rows.append(
        Row("real actors: an emotional clip sounds stronger than a neutral one", float(np.mean(apart)), note="AUC, mean over actors")
    )
    return rows


def _real(network: VoiceIntensity, path: Path) -> tuple[float, float, float]:
    """A recording's mean intensity over its voice, its median pitch in semitones and its level in dB over the quietest parts."""
    wave = read_audio(path)
    mel, pitch = mel_spectrogram(wave).numpy(), track_pitch(wave, noisy=True)
    length = min(mel.shape[1], len(pitch))
    mel, pitch = mel[:, :length], pitch[:length]
    track = np.repeat(network.track(mel, pitch), 4)[:length]
    voiced = pitch > 0
    level = 10 * np.log10(np.exp(2 * mel).mean(0) + 1e-10)
    return float(track[voiced].mean()), float(np.median(12 * np.log2(pitch[voiced]))), float(np.median(level[voiced]))


def cost(network: VoiceIntensity, seconds: float = 10.0, repeats: int = 5) -> float:
    """Milliseconds of processor for each film frame, pitch and mel given: the quickest of several."""
    random = np.random.default_rng(0)
    frames = round(100 * seconds)
    mel, pitch = random.normal(-6, 2, (128, frames)).astype(np.float32), random.uniform(80, 300, frames).astype(np.float32)
    network.track(mel, pitch)
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        network.track(mel, pitch)
        taken.append(time.process_time() - start)
    return 1000 * min(taken) / (seconds * FRAME_RATE)


def _tracked(network: VoiceIntensity, material: Tracked, number: int, weights: dict[int, float] | None) -> np.ndarray:
    mel, pitch, _ = one(material, number)
    return network.track(mel, pitch, weights)


def _pearson(a: list[np.ndarray], b: list[np.ndarray]) -> float:
    return float(np.corrcoef(np.concatenate(a), np.concatenate(b))[0, 1])


def _variance(tracks: list[np.ndarray]) -> float:
    """How much intensity varies in time: within clips, not between them."""
    return float(np.mean([track.var() for track in tracks]))


def _acceleration(tracks: list[np.ndarray]) -> float:
    """Mean size of the second difference: how suddenly it changes its course."""
    return float(np.mean(np.abs(np.concatenate([np.diff(track, n=2) for track in tracks]))))
