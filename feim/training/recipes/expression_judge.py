"""Train the judge of expressions, on people who do not exist.

    python -m feim train expression-judge --heads ICT_FACEKIT

Three minutes on one CPU core, most of which the heads take.
"""

from dataclasses import asdict

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from feim.data.synthetic.heads.expressions import shown_faces
from feim.data.synthetic.heads.head import Head, load_head
from feim.models.expression_judge import ExpressionJudge, differences
from feim.signal.emotion import EMOTIONS
from feim.training.card import model_card, publish
from feim.training.loop import Settings, share_of_batch, train
from feim.training.order import Order

PEOPLE, TAKES, BATCH, STEPS = 400, 4, 128, 2500
HELD_OUT = 60  # people, for the card
SEEDS = 7000, 8000  # of those that it learns from, and of those that it does not


def run(order: Order) -> ExpressionJudge:
    """Render landmarks, train, measure on other people; save as "expression-judge"."""
    order.refuse("expression-judge", "faces", "initial", "decoder", "name", "shares", "forget_emotions", "blocks")
    head = load_head(order.heads)
    people, held_out = (4, 2) if order.miniature else (PEOPLE, HELD_OUT)
    seen, labels, strengths = _material(head, people, SEEDS[0])
    model = ExpressionJudge()
    model.deviation.copy_(seen.std(0).clamp_min(1e-4))
    size = share_of_batch(BATCH)

    def batches(index: int) -> dict[str, Tensor]:
        chosen = torch.from_numpy(np.random.default_rng((0, index)).integers(0, len(labels), size))
        return {"seen": seen[chosen], "label": labels[chosen], "strength": strengths[chosen]}

    def losses(network: torch.nn.Module, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        logits, strength = network(batch["seen"])
        label = F.cross_entropy(logits, batch["label"], label_smoothing=0.05)
        strong = F.l1_loss(strength, batch["strength"])
        return {"loss": label + strong, "label": label, "strength": strong}

    settings = Settings(order.steps or STEPS, learning_rate=2e-3, weight_decay=0.05, mixed_precision=False)
    trained = train(model, batches, losses, settings, order.out, order.resume)
    others, truth, strong = _material(head, held_out, SEEDS[1])
    with torch.no_grad():
        logits, strength = trained.model(others)
    right = (logits.argmax(-1) == truth).float()
    metrics = {
        "other rendered people": {"people": held_out, "expressions": len(truth), "right": round(float(right.mean()), 3)}
        | {"correlation of strength": round(float(torch.corrcoef(torch.stack([strength, strong]))[0, 1]), 3)}
        | {label: round(float(right[truth == number].mean()), 2) for number, label in enumerate(EMOTIONS)}
    }
    card = model_card(
        "expression-judge",
        order,
        what="how landmarks differ from the same face at rest, to the seven emotions",
        data=[{"name": "ICT-FaceKit light (Li et al. 2020)", "people": f"{people} random identities", "licence": "MIT"}],
        settings=asdict(settings) | {"batch": BATCH, "people": people, "takes": TAKES},
        seconds=trained.seconds,
        metrics=metrics,
    )
    publish(trained.model, "expression-judge", card, order.checkpoints)
    return trained.model


def _material(head: Head, people: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    faces, neutrals, labels, strengths = shown_faces(head, people, TAKES, seed)
    seen = np.stack([differences(face, neutral) for face, neutral in zip(faces, neutrals, strict=True)])
    return torch.from_numpy(seen).float(), torch.from_numpy(labels), torch.from_numpy(strengths)
