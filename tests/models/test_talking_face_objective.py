"""What the talking face learns against: masks where they should be, the published weights, and two sides that disagree."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from feim.models.talking_face_objective import (
    FAKE,
    EmotionDiscriminator,
    FrameDiscriminator,
    Weights,
    deceiving_terms,
    discriminator_losses,
    eye_loss,
    mouth_loss,
    region_difference,
    region_mask,
)


def video(value: float, frames: int = 2) -> torch.Tensor:
    return torch.full((1, frames, 3, 128, 128), value)


def test_the_discriminators_are_the_published_ones():
    frame, emotion = FrameDiscriminator(), EmotionDiscriminator()
    for module, entering in ((frame, 6), (emotion, 3)):
        convolutions = [layer for layer in module.look if isinstance(layer, nn.Conv2d)]
        assert [(c.out_channels, c.kernel_size[0], c.stride[0]) for c in convolutions] == [
            (64, 3, 2), (128, 3, 2), (256, 3, 2), (512, 3, 2), (512, 3, 2),
        ]  # fmt: skip
        assert convolutions[0].in_channels == entering
    assert [layer.in_features for layer in frame.judge if isinstance(layer, nn.Linear)] == [8192, 2048]
    assert [layer.in_features for layer in emotion.describe if isinstance(layer, nn.Linear)] == [8192, 2048]
    assert emotion.judge.out_features == FAKE + 1 == 8


def test_every_frame_is_judged_and_every_film_as_a_whole():
    image, frames = torch.rand(6, 3, 128, 128), torch.rand(6, 3, 128, 128)
    frame, emotion = FrameDiscriminator(0.02), EmotionDiscriminator(0.02)
    scores = frame(image, frames)
    assert scores.shape == (6,)
    assert torch.allclose(frame(image[2:3], frames[2:3]), scores[2:3], atol=1e-6)
    assert not torch.allclose(frame(image.roll(1, 0), frames), scores)  # whose face it should be counts
    film = frames.unflatten(0, (2, 3))
    assert emotion(film).shape == (2, 8)
    assert not torch.allclose(emotion(film.flip(1)), emotion(film))  # and so does the order of frames


def test_the_mask_is_a_hill_on_each_point():
    mask = region_mask(torch.tensor([[30.0, 40.0], [90.0, 41.0]]))
    assert mask.shape == (1, 128, 128)
    assert float(mask.max()) == float(mask[0, 40, 30]) == float(mask[0, 41, 90]) == 1
    assert float(mask[0, 40, 39]) == pytest.approx(0.6065, abs=1e-3)  # one sigma away
    assert float(mask[0, 110, 60]) < 1e-6


def test_the_mouth_counts_most_and_everything_a_little():
    mouth = torch.tensor([[[64.0, 90.0], [64.0, 90.0]]])
    everywhere = mouth_loss(video(0.2), video(-0.3), mouth)
    assert float(everywhere) == pytest.approx(0.5 * (float(region_mask(mouth[0, :1]).mean()) + 0.01), rel=1e-4)
    wrong_mouth, wrong_corner = video(0.0), video(0.0)
    wrong_mouth[..., 85:95, 59:69] = 1
    wrong_corner[..., :10, :10] = 1
    ratio = mouth_loss(wrong_mouth, video(0.0), mouth) / mouth_loss(wrong_corner, video(0.0), mouth)
    assert 80 < float(ratio) < 101


def test_the_mouth_is_followed_from_frame_to_frame():
    still, moving = torch.tensor([[[64.0, 90.0], [64.0, 90.0]]]), torch.tensor([[[64.0, 90.0], [20.0, 20.0]]])
    wrong = video(0.0)
    wrong[:, 1, :, 15:25, 15:25] = 1
    assert mouth_loss(wrong, video(0.0), moving) > 20 * mouth_loss(wrong, video(0.0), still)


def test_both_eyes_count_and_nothing_else():
    eyes = torch.tensor([[[[49.0, 55.0], [79.0, 55.0]]] * 2])
    for column, counts in ((49, True), (79, True), (64, False)):
        wrong = video(0.0)
        wrong[..., 53:57, column - 2 : column + 2] = 1
        share = float(eye_loss(wrong, video(0.0), eyes)) / (16 / 128**2)
        assert (share > 0.9) == counts
    wrong = video(0.0)
    wrong[..., 100:, :] = 1
    assert float(eye_loss(wrong, video(0.0), eyes)) < 1e-6
    assert float(region_difference(video(0.2), video(-0.2), eyes)) == pytest.approx(0.4 * 127.5, rel=1e-4)


def test_the_objective_is_the_published_sum():
    names = ("mouth", "perceptual", "frame", "emotion", "eyes")
    for name, weight in zip(names, (100, 1, 0.01, 0.001, 1), strict=True):
        assert float(Weights().total({other: torch.tensor(float(other == name)) for other in names})) == pytest.approx(weight)
    assert float(Weights().total({"mouth": torch.tensor(0.5), "perceptual": torch.tensor(2.0)})) == 52  # a stage without opponents


class Given(nn.Module):
    """A critic, or a judge of films, that goes by brightness alone."""

    def __init__(self, classes: int = 0):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(1.0))
        self.classes = classes

    def forward(self, *pictures: torch.Tensor) -> torch.Tensor:
        bright = self.slope * pictures[-1].flatten(1).mean(1)
        if not self.classes:
            return bright
        towards = torch.where(bright > 0, 1, FAKE)  # bright films are happy, dark ones fake
        return 20 * F.one_hot(towards, self.classes).float() * bright.abs()[:, None]


def test_the_two_sides_disagree():
    judges = {"frame": Given(), "emotion": Given(FAKE + 1)}
    image, emotion = torch.zeros(1, 3, 128, 128), torch.tensor([1])
    good = discriminator_losses(judges, image, video(1.0), video(-1.0), emotion)
    bad = discriminator_losses(judges, image, video(-1.0), video(1.0), emotion)
    assert good["frame"].item() == pytest.approx(-2)
    assert bad["frame"].item() == pytest.approx(2)
    assert good["emotion"].item() < 0.01
    assert bad["emotion"].item() > 10
    penalty = (1 / (3 * 128**2) ** 0.5 - 1) ** 2  # of a mean over a frame
    assert good["penalty"].item() == pytest.approx(penalty, rel=1e-4)
    assert good["loss"].item() == pytest.approx(-2 + 10 * penalty + good["emotion"].item(), rel=1e-4)
    deceived, seen_through = (deceiving_terms(judges, image, video(bright), emotion) for bright in (1.0, -1.0))
    assert deceived["frame"] < seen_through["frame"]
    assert deceived["emotion"] < 0.01 < seen_through["emotion"]


def test_the_generator_is_led_through_both():
    torch.manual_seed(0)
    judges = {"frame": FrameDiscriminator(0.02), "emotion": EmotionDiscriminator(0.02)}
    for name in judges:
        made = (torch.rand(1, 2, 3, 128, 128) * 2 - 1).requires_grad_()
        term = deceiving_terms(judges, torch.rand(1, 3, 128, 128), made, torch.tensor([2]))[name]
        term.backward()
        assert torch.isfinite(made.grad).all()
        assert made.grad.abs().sum() > 0
