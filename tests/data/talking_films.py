"""A corpus of talking faces made in seconds: average portraits whose mouth is as open as the speech is loud, tinted by emotion."""

from pathlib import Path

import numpy as np
from PIL import Image

from feim.data.clip import Clip, write_manifest
from feim.signal.audio import write_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.face import find_face, read_image
from feim.signal.video import write_video

FACES = Path(__file__).parents[2] / "assets" / "faces"
PORTRAITS = ("average-woman-20s.jpg", "average-man-20s.jpg")
SIDE = 128


def portrait(speaker: int) -> tuple[np.ndarray, np.ndarray]:
    """(128, 128, 3) uint8 around the face, and the five points (5, 2) in it."""
    image = read_image(FACES / PORTRAITS[speaker])
    face = find_face(image)
    left, top, right, bottom = face.box
    side = 1.5 * (bottom - top)
    corner = np.array([(left + right) / 2 - side / 2, (top + bottom) / 2 - side / 2])
    small = Image.fromarray(image).resize((SIDE, SIDE), Image.Resampling.BICUBIC, box=(*corner, *(corner + side)))
    return np.asarray(small), (face.points - corner) * SIDE / side


def speech(frames: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A hum, (640·frames,) float32, and how loud it is in every frame, (frames,) from 0 to 1."""
    random = np.random.default_rng(seed)
    loud = np.clip(np.sin(np.arange(frames) / random.uniform(1.5, 2.5) + random.uniform(0, 6)), 0, 1)
    time = np.arange(frames * 640) / 16_000
    level = np.interp(time, (np.arange(frames) + 0.5) / 25, loud)
    hum = sum(np.sin(2 * np.pi * k * 140 * time) / k for k in range(1, 8))
    return (0.2 * level * hum).astype(np.float32), loud


def film(image: np.ndarray, points: np.ndarray, loud: np.ndarray, emotion: str) -> np.ndarray:
    """(frames, 128, 128, 3) uint8: a dark ellipse between the corners of the mouth, as tall as the speech is loud."""
    centre, half = points[3:].mean(0), np.linalg.norm(points[4] - points[3]) / 2
    y, x = np.mgrid[:SIDE, :SIDE]
    tint = np.array([1.0, 1.0, 1.0])
    tint[EMOTIONS.index(emotion) % 3] = 0.75 if emotion != "neutral" else 1.0
    frames = []
    for amount in loud:
        tall = 1 + 0.8 * half * amount
        inside = ((x - centre[0]) / (0.7 * half)) ** 2 + ((y - centre[1] - tall / 2) / tall) ** 2 < 1
        frames.append(np.where(inside[..., None], 40, image * tint).astype(np.uint8))
    return np.stack(frames)


def talking_corpus(folder: Path, frames: int = 20, emotions: tuple[str, ...] = ("neutral", "happy", "sad")) -> Path:
    """Two people, one clip each for every emotion, and one clip held out."""
    for name in ("audio", "video"):
        (folder / name).mkdir(parents=True)
    clips = []
    for speaker in range(len(PORTRAITS)):
        image, points = portrait(speaker)
        for number, emotion in enumerate((*emotions, "valid")):
            split, emotion = ("valid", emotions[-1]) if emotion == "valid" else ("train", emotion)
            name = f"{speaker}-{number}"
            wave, loud = speech(frames, seed=10 * speaker + number)
            write_audio(folder / "audio" / f"{name}.flac", wave)
            pictures = film(image, points, loud, emotion)
            write_video(folder / "video" / f"{name}.mp4", pictures, visible_mark=False)
            clips.append(
                Clip(
                    id=name, corpus="talking", speaker=f"s{speaker}", language="en-us", text="", licence="synthetic", split=split,
                    audio=f"audio/{name}.flac", video=f"video/{name}.mp4", emotion=emotion,
                    intensity=0.0 if emotion == "neutral" else 0.8,
                )
            )  # fmt: skip
    write_manifest(folder, clips)
    return folder
