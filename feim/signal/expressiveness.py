"""How far a face is from itself at rest, whatever its size, its place and how the head is held."""

import numpy as np

from feim.signal.landmarks import BROWS, CHEEKS, CHIN, CREASES, FEATURES, IRISES, JAW, LOWER_LIDS, NOSE, PUPILS, UPPER_LIDS, interocular

STEADY = (*(lid[i] for lid in UPPER_LIDS for i in (0, -1)), *NOSE[:4], *NOSE[6:10])  # corners of the eyes, bridge of the nose
_IRIS = {i for ring in IRISES for i in ring} | set(PUPILS)  # which go with the gaze
SEEN = tuple(i for i in FEATURES + JAW + CHIN + CHEEKS[0] + CHEEKS[1] if i not in _IRIS)
REACH = 2  # frames: a fifth of a second in all, as long as a blink
# What speech does not move of its own: the seed leaves the mouth out, so that an open vowel is no emotion. Jaw and chin go with it.
WITHOUT_MOUTH = tuple(
    dict.fromkeys(i for rows in (BROWS, UPPER_LIDS, LOWER_LIDS, CREASES) for row in rows for i in row if i not in _IRIS)
) + tuple(i for i in NOSE if i in SEEN)


def displacements(landmarks: np.ndarray, rest: np.ndarray, points: tuple[int, ...] = SEEN) -> np.ndarray:
    """How a face differs from itself at rest.

    Args: landmarks: (…, 189, 2) of any place, size and turn in the picture; rest: (189, 2), the same person's.
    Returns: (…, P, 2) of `points`, in distances between the pupils.
    """
    return ((steadied(landmarks, rest) - rest)[..., list(points), :] / interocular(rest)).astype(np.float32)


def steadied(landmarks: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """(…, 189, 2) moved, turned and scaled until the points that no muscle moves lie as nearly as they can on those of rest (189, 2)."""
    seen = landmarks[..., 0] + 1j * landmarks[..., 1]  # (…, 189); a similarity is z → a z + b
    still = rest[:, 0] + 1j * rest[:, 1]
    here, there = seen[..., list(STEADY)], still[list(STEADY)]
    middle = here.mean(-1, keepdims=True)
    here = here - middle
    turn = (here.conj() * (there - there.mean())).sum(-1, keepdims=True) / np.square(np.abs(here)).sum(-1, keepdims=True)
    moved = turn * (seen - middle) + there.mean()
    return np.stack([moved.real, moved.imag], axis=-1)


def evened(landmarks: np.ndarray, reach: int = REACH) -> np.ndarray:
    """A face's way through a film (F, 189, 2) without the trembling of networks that look at every picture anew: a running mean.

    A raised cosine over `reach` frames to both sides; its ends are held.
    """
    window = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(landmarks, [(reach, reach), (0, 0), (0, 0)], mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, len(window), axis=0) @ (window / window.sum())


def at_rest(landmarks: np.ndarray) -> np.ndarray:
    """A person's face at rest, from frames in which they feel nothing: (F, 189, 2) → (189, 2), the median of each point.

    They may speak: half of the time, a point is on either side of where it rests.
    """
    return np.median(steadied(landmarks, landmarks[0]), axis=0)
