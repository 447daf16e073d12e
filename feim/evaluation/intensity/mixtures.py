"""What lies between emotions: a straight line from one to another fades the one out as the other comes."""

from itertools import combinations

import numpy as np

from feim.data.synthetic.heads.head import Head, identified, posed
from feim.data.synthetic.heads.landmarks import place_landmarks
from feim.evaluation.report import Row
from feim.models.emotion_space import AXES, EmotionSpace, at, probabilities, shapes
from feim.models.expression_judge import ExpressionJudge
from feim.signal.emotion import EMOTIONS
from feim.signal.face_motion import pose

STEPS = 11  # on the way
SLACK = 0.02  # of probability, by which a step may go the wrong way
GAMMA = 5.0


def mixtures(space: EmotionSpace, judge: ExpressionJudge, head: Head) -> list[Row]:
    """Faces on the straight line between each two emotions, seen by the space itself and by a judge that knows nothing of it."""
    places, person = place_landmarks(head), identified(head, np.zeros(len(head.identities), np.float32))

    def seen(motion: np.ndarray) -> np.ndarray:
        return places.on(posed(head, person, motion, np.zeros(2), np.zeros(3)))[:, :2] * [1, -1]

    rest = seen(pose())
    monotone: dict[str, list[bool]] = {"space": [], "faces": [], "judge": []}
    for pair in combinations(AXES, 2):
        ends = [at({label: 1.0}, GAMMA) for label in pair]
        way = np.linspace(0, 1, STEPS)[:, None]
        line = (1 - way) * ends[0] + way * ends[1]  # (STEPS, 6)
        faces = np.stack([seen(motion) for motion in shapes(line)])
        found = {"space": probabilities(line), "faces": probabilities(space.place(faces, rest)), "judge": judge.judge(faces, rest)[0]}
        for name, chances in found.items():
            monotone[name].append(_monotone(chances, pair))
    rows = []
    for name, what in (
        ("space", "straight ways between two emotions on which both probabilities are monotone"),
        ("faces", "… the faces on them, placed anew"),
        ("judge", "… the faces on them, in a judge's eyes"),
    ):
        bar = 1.0 if name == "space" else None
        rows.append(Row(what, float(np.mean(monotone[name])), bar, note=f"{sum(monotone[name])} of {len(monotone[name])}, slack {SLACK}"))
    return rows


def _monotone(chances: np.ndarray, pair: tuple[str, str]) -> bool:
    """(STEPS, 7): the first emotion's never rises and the second's never falls."""
    first, second = (chances[:, EMOTIONS.index(label)] for label in pair)
    return bool((np.diff(first) <= SLACK).all() and (np.diff(second) >= -SLACK).all())
