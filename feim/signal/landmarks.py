"""The 189 points of a face, numbered as in the London set (DeBruine & Jones 2017), by what they mark; left and right as the picture shows.

Everything that looks at or moves a face speaks of these points: (189, 2), x and y in pixels, in this order.
"""

import numpy as np

COUNT = 189
PUPILS = (0, 1)
IRISES = (tuple(range(2, 10)), tuple(range(10, 18)))  # eight around each
UPPER_LIDS = ((18, 19, 20, 21, 22), (27, 26, 25, 24, 23))  # from the outer corner to the inner
LOWER_LIDS = ((18, 28, 29, 30, 22), (27, 33, 32, 31, 23))
CREASES = ((34, 35, 36, 37, 38), (43, 42, 41, 40, 39))  # of the upper lids
UNDER_EYES = ((44, 45, 46), (49, 48, 47))
BROWS = ((71, 72, 73, 74, 75, 76, 84, 83), (82, 81, 80, 79, 78, 77, 85, 86))  # around, from the outer end
NOSE = tuple(range(50, 71)) + tuple(range(179, 183))
UPPER_LIP = (87, 88, 89, 90, 91, 92, 93)  # the outer edge, from corner to corner
LOWER_LIP = (87, 104, 105, 106, 107, 108, 93)
UPPER_SEAM = (87, 94, 95, 96, 97, 98, 93)  # the inner edge; equal to the lower one where the mouth is shut
LOWER_SEAM = (87, 99, 100, 101, 102, 103, 93)
MOUTH = tuple(range(87, 109))
CHIN = tuple(range(174, 179))
JAW = tuple(range(125, 134))
CHEEKS = ((158, 159, 160, 164, 165, 166), (161, 162, 163, 167, 168, 169))
PHILTRUM = (170, 171, 172, 173)
EARS = ((109, 110, 111, 115, 116, 117, 118, 119, 185, 186), (112, 113, 114, 120, 121, 122, 123, 124, 187, 188))
HAIRLINE = tuple(range(134, 145))
HEAD = tuple(range(145, 158))  # the outline of the hair
NECK = (183, 184)

FEATURES = tuple(i for i in range(109) if i not in UNDER_EYES[0] + UNDER_EYES[1]) + tuple(range(179, 183))  # eyes, brows, nose, mouth
FACE = tuple(i for i in range(COUNT) if i not in HEAD + NECK)  # 174 points


def _mirror() -> tuple[int, ...]:
    """Which point each becomes in a mirrored picture."""
    swapped = list(range(COUNT))
    pairs = [(0, 1), (2, 10), (6, 14), (63, 68), (64, 69), (65, 70), (158, 161), (159, 162), (160, 163), (170, 172), (171, 173)]
    pairs += [(3 + i, 17 - i) for i in range(3)] + [(7 + i, 13 - i) for i in range(3)]
    for left, right in (UPPER_LIDS, LOWER_LIDS, CREASES, UNDER_EYES, BROWS):
        pairs += list(zip(left, right, strict=True))
    pairs += [(50 + i, 56 + i) for i in range(5)] + [(61, 66), (62, 67), (164, 167), (165, 168), (166, 169), (176, 178), (183, 184)]
    pairs += [(109 + i, 112 + i) for i in range(3)] + [(115 + i, 120 + i) for i in range(5)]
    pairs += [(185, 187), (186, 188), (179, 182), (180, 181)]
    for row in (UPPER_LIP, LOWER_LIP, UPPER_SEAM, LOWER_SEAM, JAW, HAIRLINE, HEAD):
        pairs += list(zip(row, row[::-1], strict=True))
    for one, other in pairs:
        swapped[one], swapped[other] = other, one
    return tuple(swapped)


MIRROR = _mirror()


def interocular(landmarks: np.ndarray) -> np.ndarray:
    """Pupil to pupil: (…, 189, 2) → (…), in the points' own unit."""
    return np.linalg.norm(landmarks[..., PUPILS[1], :] - landmarks[..., PUPILS[0], :], axis=-1)


def landmark_error(found: np.ndarray, true: np.ndarray, points: tuple[int, ...] = FACE) -> np.ndarray:
    """Mean distance over `points`, as a share of the true distance between the pupils: (…, 189, 2), twice → (…)."""
    distance = np.linalg.norm(found - true, axis=-1)[..., list(points)]
    return distance.mean(-1) / interocular(true)
