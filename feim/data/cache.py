"""Arrays that are computed once and kept beside a corpus."""

from pathlib import Path
from uuid import uuid4

import numpy as np


def size_of(path: Path) -> int:
    """In bytes; 0 where there is no such file, which reading it will tell."""
    return path.stat().st_size if path.is_file() else 0


def save_whole(path: Path, array: np.ndarray) -> None:
    """Whole or not at all: another process may compute the same cache, or already read it."""
    unfinished = path.with_name(f"{uuid4().hex}.unfinished.npy")
    try:
        np.save(unfinished, array)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
