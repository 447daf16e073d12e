"""Shapes of faces that no portrait shows: mixtures of people, turned heads, smiles, speech, blinks and brows.

A shape is (189, 2), the points of feim.signal.landmarks from the middle between the pupils, in distances between them, y downwards.
Amounts of movement are guesses by eye, wider than faces go.
"""

from dataclasses import dataclass

import numpy as np

from feim.signal.face import similarity
from feim.signal.face_motion import SHAPES, pose
from feim.signal.landmarks import (
    BROWS,
    CHEEKS,
    CHIN,
    CREASES,
    FACE,
    IRISES,
    JAW,
    LOWER_LIDS,
    LOWER_LIP,
    LOWER_SEAM,
    MOUTH,
    NOSE,
    PHILTRUM,
    PUPILS,
    UNDER_EYES,
    UPPER_LIDS,
    UPPER_LIP,
    UPPER_SEAM,
)


def normalised(landmarks: np.ndarray) -> np.ndarray:
    """(189, 2) pixels → upright, from the middle between the pupils, in distances between them."""
    return moved(landmarks, similarity(landmarks[list(PUPILS)], np.array([[-0.5, 0.0], [0.5, 0.0]])))


def moved(points: np.ndarray, transform: np.ndarray) -> np.ndarray:
    return points @ transform[:, :2].T + transform[:, 2]


def mixed_shape(shapes: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Between two to three people, a little beyond them, stretched, and smoothly distorted."""
    who = random.integers(len(shapes), size=random.integers(1, 4))
    shape = np.tensordot(random.dirichlet(np.full(len(who), 0.7)), shapes[who], 1)
    mean = shapes.mean(0)
    shape = mean + (shape - mean) * random.uniform(0.8, 1.35)
    shape = shape * (1 + random.uniform(-0.06, 0.06, 2))
    for _ in range(4):
        centre, reach = shape[random.choice(list(FACE))], random.uniform(0.25, 0.8)
        nearness = np.exp(-((shape - centre) ** 2).sum(1) / reach**2)
        shape = shape + nearness[:, None] * random.normal(0, 0.05, 2) * reach
    return shape


def turned_shape(shape: np.ndarray, random: np.random.Generator, locatable: bool) -> np.ndarray:
    """Turned left or right and up or down, over depths of an ellipsoid with a nose; further than can be located if it must not be."""
    yaw, pitch = np.clip(random.normal(0, (11, 7)), -26, 18)
    if not locatable:
        yaw = random.uniform(45, 70) * random.choice([-1, 1])
    yaw, pitch = np.radians((yaw, pitch))
    x, y = shape.T
    depth = 1.1 * np.sqrt(np.clip(1 - (x / 1.4) ** 2 - ((y - 0.4) / 2.3) ** 2, 0, 1))
    depth = depth + 0.35 * np.exp(-((x / 0.2) ** 2) - ((y - 0.5) / 0.3) ** 2)
    depth = depth - 1  # about the eyes
    return np.column_stack([x * np.cos(yaw) + depth * np.sin(yaw), y * np.cos(pitch) + depth * np.sin(pitch)])


def express(neutral: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A neutral face smiles, speaks, closes its eyes or raises its brows.

    Returns: the shape, and the shape that the eyeballs keep: gaze moves their irises, lids do not.
    """
    shape = neutral.copy()
    _move_mouth(shape, _random_mouth(random), lopsided=random.normal(0, 0.12))
    _move_brows(shape, random)
    eyeballs = shape.copy()
    gaze = random.normal(0, (0.035, 0.015)) * (random.random() < 0.5)
    closed = random.choice([0.0, random.uniform(-0.35, 0), random.uniform(0, 0.6), random.uniform(0.6, 1)], p=[0.3, 0.25, 0.25, 0.2])
    for side in range(2):
        ball = [PUPILS[side], *IRISES[side]]
        eyeballs[ball] += gaze
        shape[ball] += gaze
        wink = closed if random.random() < 0.9 else random.uniform(0, 1)
        _move_lids(shape, neutral, side, wink)
        if wink < 0:  # more of the eyeball shows than the portrait knows: it is stretched with the lids
            eyeballs[list(UPPER_LIDS[side] + LOWER_LIDS[side])] = shape[list(UPPER_LIDS[side] + LOWER_LIDS[side])]
    return shape, eyeballs


def _move_lids(shape: np.ndarray, neutral: np.ndarray, side: int, closed: float) -> None:
    """1 brings the lids together just above the lower one; below 0 opens them wider."""
    upper, lower, crease = (list(points[side]) for points in (UPPER_LIDS, LOWER_LIDS, CREASES))
    gap = neutral[lower] - neutral[upper]  # (5, 2), zero at both corners
    shape[upper] += 0.88 * closed * gap
    shape[lower] -= 0.12 * max(closed, 0.3 * closed) * gap
    shape[crease] += 0.3 * closed * gap.mean(0)


def _move_brows(shape: np.ndarray, random: np.random.Generator) -> None:
    if random.random() < 0.5:
        return
    both, inner, together = random.uniform(-0.07, 0.13), random.uniform(-0.05, 0.09), random.uniform(-0.02, 0.05)
    for side, towards in enumerate((1, -1)):
        brow = list(BROWS[side])
        near = 1 - np.abs(shape[brow, 0] - shape[brow, 0].mean() - towards * 0.35) / 0.7  # 1 at the inner end, 0 at the outer
        lift = (both if random.random() < 0.9 else random.uniform(-0.07, 0.13)) + inner * near
        shape[brow, 1] -= lift
        shape[brow, 0] += towards * together * near
        shape[list(CREASES[side]), 1] -= 0.3 * lift.mean()
        shape[list(UPPER_LIDS[side])[1:4], 1] -= 0.08 * lift.mean()


@dataclass(frozen=True)
class Mouth:
    """What a mouth does.

    Attributes:
        smile: 1 broad, below 0 a frown; pucker: 1 is a kiss; pressed: 1 halves the lips.
        opening: how far the jaw goes down, and raised: how far the upper lip goes up, in distances between the pupils.
    """

    smile: float = 0.0
    opening: float = 0.0
    pucker: float = 0.0
    raised: float = 0.0
    pressed: float = 0.0


def _random_mouth(random: np.random.Generator) -> Mouth:
    kind = random.choice(["closed smile", "teeth", "speech", "wide open", "pressed", "as it is"], p=[0.14, 0.3, 0.3, 0.08, 0.06, 0.12])
    if kind == "closed smile":
        return Mouth(smile=random.uniform(-0.4, 1))
    if kind == "teeth":
        return Mouth(smile=random.uniform(0.3, 1.2), opening=random.uniform(0.02, 0.22), raised=random.uniform(0, 0.1))
    if kind == "speech":
        pucker = random.uniform(0, 1) * (random.random() < 0.4)
        return Mouth(random.uniform(-0.3, 0.4), random.uniform(0.02, 0.3), pucker, raised=random.uniform(-0.01, 0.05))
    if kind == "wide open":
        return Mouth(random.uniform(-0.3, 1), random.uniform(0.25, 0.65), random.uniform(0, 0.4), random.uniform(0, 0.08))
    if kind == "pressed":
        return Mouth(smile=random.uniform(-0.3, 0.5), pucker=random.uniform(0, 0.8), pressed=random.uniform(0, 1))
    return Mouth()


def _move_mouth(shape: np.ndarray, mouth: Mouth, lopsided: float = 0.0) -> None:
    """Move the lips, and what goes with them; `lopsided`, how much more of it the right half does."""
    left, right = shape[UPPER_SEAM[0]].copy(), shape[UPPER_SEAM[-1]].copy()
    across = (2 * shape[:, 0] - left[0] - right[0]) / (right[0] - left[0])  # −1 at one corner, 1 at the other
    _move_lips(shape, mouth, across, (right[0] - left[0]) / 2, 1 + lopsided * np.clip(across, -1, 1))
    _follow_mouth(shape, mouth, across, (left[0] + right[0]) / 2)


def _move_lips(shape: np.ndarray, mouth: Mouth, across: np.ndarray, half: float, share: np.ndarray) -> None:
    """`across` (189,), half the mouth's width, and each point's share (189,) in a lopsided mouth."""
    thickness = (1 - 0.3 * mouth.smile) * (1 + 0.25 * mouth.pucker) * (1 - 0.5 * mouth.pressed)
    for edge, seam in ((UPPER_LIP, UPPER_SEAM), (LOWER_LIP, LOWER_SEAM)):
        inside, outside = list(seam[1:-1]), list(edge[1:-1])
        shape[outside] = shape[inside] + (shape[outside] - shape[inside]) * thickness
    lips, corners = list(MOUTH), [UPPER_SEAM[0], UPPER_SEAM[-1]]
    shape[lips, 0] += half * across[lips] * (0.42 * mouth.smile - 0.38 * mouth.pucker - 0.12 * mouth.opening) * share[lips]
    shape[lips, 1] -= 0.13 * mouth.smile * np.abs(across[lips]) ** 1.7 * share[lips]
    shape[corners, 1] += 0.02 * mouth.smile + 0.3 * mouth.opening
    arch = np.clip(1 - across**2, 0, 1) ** 0.75  # 0 at the corners, 1 in the middle
    above, below = list(UPPER_SEAM[1:-1] + UPPER_LIP[1:-1]), list(LOWER_SEAM[1:-1] + LOWER_LIP[1:-1])
    shape[above, 1] -= mouth.raised * arch[above]
    shape[below, 1] += mouth.opening * arch[below]


def _follow_mouth(shape: np.ndarray, mouth: Mouth, across: np.ndarray, middle: float) -> None:
    """Chin and jaw go with the opening, cheeks, nose and lower lids with the smile; `middle`, the mouth's x."""
    chin, jaw, nose, cheeks = list(CHIN), list(JAW), list(NOSE), list(CHEEKS[0] + CHEEKS[1])
    shape[chin, 1] += 0.95 * mouth.opening * np.exp(-((across[chin] / 2) ** 2))
    shape[jaw, 1] += 0.95 * mouth.opening * np.exp(-((shape[jaw, 0] - middle) ** 2) / 0.5)
    shape[cheeks] += mouth.smile * np.column_stack([0.06 * np.sign(across[cheeks]), np.full(len(cheeks), -0.07)])
    wings = [point for point in nose if abs(across[point]) > 0.35]
    shape[wings, 0] += 0.035 * mouth.smile * np.sign(across[wings])
    shape[nose, 1] -= 0.02 * mouth.smile + 0.15 * mouth.raised
    shape[list(PHILTRUM), 1] -= 0.6 * mouth.raised
    for lids, under in zip(LOWER_LIDS, UNDER_EYES, strict=True):
        shape[list(lids[1:4]), 1] -= 0.025 * max(mouth.smile, 0)
        shape[list(under), 1] -= 0.04 * max(mouth.smile, 0)


def random_action(random: np.random.Generator) -> np.ndarray:
    """(47,) of face_motion.SHAPES: some of them a little, a smile or an open jaw often."""
    stems = sorted({name.removesuffix("_L").removesuffix("_R") for name in SHAPES} - {"mouthClose"})
    amounts = {stem: random.uniform(0, 0.8) for stem in stems if random.random() < 0.12}
    if random.random() < 0.4:
        amounts |= {"mouthSmile": random.uniform(0.2, 1), "cheekSquint": random.uniform(0, 0.8)}
        amounts |= {stem: random.uniform(0, 0.7) for stem in ("mouthUpperUp", "mouthLowerDown") if random.random() < 0.6}
    if random.random() < 0.45:
        amounts["jawOpen"] = random.uniform(0, 0.8) * random.uniform(0.2, 1)
    if random.random() < 0.3:
        amounts["eyeBlink"] = random.uniform(0, 1)
    shapes = pose(**amounts)
    return (shapes * random.uniform(0.75, 1, len(shapes))).astype(np.float32)  # never quite alike on both sides
