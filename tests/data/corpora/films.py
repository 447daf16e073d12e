"""To make sounds and films for tests with the ffmpeg that moviepy brings."""

import subprocess
from pathlib import Path

import numpy as np
from moviepy.config import FFMPEG_BINARY

PORTRAIT = Path(__file__).parents[3] / "assets" / "faces" / "average-woman-20s.jpg"
SECONDS = 0.5
PICTURE = ("-loop", "1", "-framerate", "25", "-t", str(SECONDS), "-i", str(PORTRAIT))
TONE = ("-f", "lavfi", "-t", str(SECONDS), "-i", "sine=300:sample_rate=48000")


def ffmpeg(*arguments: object) -> None:
    subprocess.run([FFMPEG_BINARY, "-nostdin", "-v", "error", "-y", *map(str, arguments)], check=True)


def tone(rate: int = 16_000, seconds: float = SECONDS) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * 300 * np.arange(round(rate * seconds)) / rate)).astype(np.float32)
