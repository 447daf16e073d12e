"""FEIM-TTS in miniature: guidance, durations, sampling, and an objective that every weight learns from."""

import copy

import pytest
import torch
from torch import Tensor

from feim.models.embeddings import VoiceNetwork
from feim.models.tts import FEIMTTS, Sampling, Utterance, _whole_frames
from feim.signal.audio import MEL_SILENCE
from feim.signal.emotion import EMOTIONS, NEUTRAL, UNLABELLED
from feim.signal.text import encode

HAPPY, SAD = EMOTIONS.index("happy"), EMOTIONS.index("sad")
SYMBOLS = torch.tensor(encode("_h_ə_l_ˈ_o_ʊ_,_ _w_ˈ_ɜ_ː_l_d_._"))
SMALL = {
    "channels": 16, "encoder_blocks": 2, "prosody_channels": 16, "prosody_blocks": 1, "condition": 16, "frame_channels": 16,
    "frame_blocks": 1, "decoder_channels": 16, "decoder_blocks": 2, "pitch_bins": 8,
}  # fmt: skip


def build(**config) -> FEIMTTS:
    """A model whose weights are drawn so that everything matters, as if it were trained."""
    torch.manual_seed(3)
    model = FEIMTTS(FEIMTTS.Config(**SMALL | config))
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.2)
    torch.nn.init.constant_(model.prosody.output.bias[:1], 1.6)  # symbols of about four frames
    return model.eval()


@pytest.fixture(scope="module")
def model() -> FEIMTTS:
    return build()


def face(seed: int = 0) -> Tensor:
    return torch.nn.functional.normalize(torch.randn(512, generator=torch.Generator().manual_seed(seed)), dim=0)


def say(model: FEIMTTS, emotion: int = HAPPY, intensity: float = 1.0, seed: int = 0, portrait: int = 0, **sampling) -> Utterance:
    settings = Sampling(**{"steps": 3} | sampling)
    return model.synthesise(SYMBOLS, face(portrait), emotion, intensity, settings, torch.Generator().manual_seed(seed))


def with_feeling(model: FEIMTTS, emotion: int, vector: Tensor) -> FEIMTTS:
    """The model with another embedding for one emotion (or for the null token)."""
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.emotion.weight[emotion] = vector
    return other


def test_one_emotion_with_all_the_weight_is_that_emotion(model):
    for emotion in (NEUTRAL, HAPPY, SAD):
        one, other = say(model, emotion, 2.0), say(model, {emotion: 1.0}, 2.0)
        for part in ("mel", "durations", "pitch"):
            assert torch.equal(getattr(one, part), getattr(other, part))
        assert torch.equal(model.feel(emotion)[0], model.emotion.weight[emotion])


def test_a_mixture_is_felt_as_the_mean_of_its_emotions(model):
    mixed = model.feel({HAPPY: 0.7, SAD: 0.3})
    assert torch.allclose(mixed[0], 0.7 * model.emotion.weight[HAPPY] + 0.3 * model.emotion.weight[SAD])
    said = say(model, {HAPPY: 0.7, SAD: 0.3}, 2.0)
    assert same(said, say(with_feeling(model, HAPPY, mixed[0]), HAPPY, 2.0))  # as one emotion with that embedding
    assert not same(said, say(model, HAPPY, 2.0))
    assert not same(said, say(model, SAD, 2.0))
    again = say(model, {SAD: 0.3, HAPPY: 0.7}, 2.0)
    assert torch.equal(again.mel, said.mel)


def test_a_mixture_costs_what_one_emotion_costs(model, monkeypatch):
    asked = []
    ask = model.score.forward
    monkeypatch.setattr(model.score, "forward", lambda *given: asked.append(0) or ask(*given))
    say(model, HAPPY, 2.0)
    alone = len(asked)
    say(model, {HAPPY: 0.4, SAD: 0.4, NEUTRAL: 0.2}, 2.0)
    assert len(asked) == 2 * alone


def same(one: Utterance, other: Utterance) -> bool:
    return torch.equal(one.durations, other.durations) and torch.allclose(one.mel, other.mel, atol=1e-3)


# ---- guidance -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("solver", ["dpm-solver++", "euler"])
def test_without_intensity_the_null_model_speaks(model, solver):
    silent = say(model, HAPPY, 0.0, solver=solver)
    null_as_happy = with_feeling(model, HAPPY, model.emotion.weight[UNLABELLED])
    assert torch.equal(silent.mel, say(null_as_happy, HAPPY, 1.0, solver=solver).mel)
    assert torch.equal(silent.mel, say(with_feeling(model, HAPPY, torch.randn(16)), HAPPY, 0.0, solver=solver).mel)
    assert torch.equal(silent.mel, say(model, SAD, 0.0, solver=solver).mel)


@pytest.mark.parametrize("solver", ["dpm-solver++", "euler"])
def test_at_intensity_one_the_conditional_model_speaks(model, solver):
    happy = say(model, HAPPY, 1.0, solver=solver)
    assert same(happy, say(with_feeling(model, UNLABELLED, torch.randn(16)), HAPPY, 1.0, solver=solver))
    happy_as_sad = with_feeling(model, SAD, model.emotion.weight[HAPPY])
    assert torch.equal(happy.mel, say(happy_as_sad, SAD, 1.0, solver=solver).mel)
    assert not same(happy, say(model, SAD, 1.0, solver=solver))


def test_an_emotion_that_equals_the_null_token_has_no_intensity(model):
    indifferent = with_feeling(model, HAPPY, model.emotion.weight[UNLABELLED])
    assert same(say(indifferent, HAPPY, 20.0), say(indifferent, HAPPY, 0.0))


def test_intensity_reaches_mel_durations_and_pitch(model):
    mild, strong = say(model, HAPPY, 0.5, growth=None), say(model, HAPPY, 3.0, growth=None)
    assert not torch.equal(mild.durations, strong.durations)
    assert (mild.pitch.log().mean() - strong.pitch.log().mean()).abs() > 1e-3
    fixed = with_feeling(model, HAPPY, model.emotion.weight[HAPPY])
    fixed.predict_prosody = lambda h, mask, speaker, emotion: model.predict_prosody(h, mask, speaker, torch.tensor([NEUTRAL]))
    mild, strong = say(fixed, HAPPY, 0.5), say(fixed, HAPPY, 3.0)
    assert torch.equal(mild.durations, strong.durations)
    assert not torch.allclose(mild.mel, strong.mel, atol=1e-2)


@pytest.mark.parametrize(
    ("intensity", "interval", "evaluations"),
    [
        (0.0, (0.0, 1.0), 8),
        (1.0, (0.0, 1.0), 8),
        (0.5, (0.0, 1.0), 16),
        (5.0, (0.0, 1.0), 16),
        (5.0, (0.1, 1.0), 15),
        (5.0, (2.0, 3.0), 8),
    ],
)
def test_guidance_costs_only_where_it_acts(model, intensity, interval, evaluations):
    calls = []
    hook = model.score.register_forward_hook(lambda *_: calls.append(1))
    say(model, HAPPY, intensity, steps=8, interval=interval)
    hook.remove()
    assert len(calls) == evaluations


def test_guidance_weight():
    constant = Sampling(growth=None, prosody_growth=None)
    for weight in (constant.weight, constant.prosody_weight):
        assert [weight(g) for g in (0, 0.5, 1, 30)] == [0, 0.5, 1, 30]
    for weight in (Sampling().weight, Sampling().prosody_weight):
        assert [weight(g) for g in (0, 0.5, 1)] == [0, 0.5, 1]
    assert 1 < Sampling().prosody_weight(30) < Sampling().weight(30) < 30


def test_score_and_prosody_are_guided_apart(model):
    plain = say(model, HAPPY, 1.0)
    stronger, faster = say(model, HAPPY, 5.0, prosody_growth=0.0), say(model, HAPPY, 5.0, growth=0.0)
    assert torch.equal(stronger.durations, plain.durations)
    assert torch.equal(stronger.pitch, plain.pitch)
    assert not torch.allclose(stronger.mel, plain.mel)
    assert not torch.equal(faster.pitch, plain.pitch)


# ---- durations and sampling -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("emotion", [HAPPY, SAD, NEUTRAL])
@pytest.mark.parametrize("intensity", [0.0, 1.0, 30.0])
def test_durations_sum_to_the_frames(model, emotion, intensity):
    spoken = say(model, emotion, intensity)
    frames = int(spoken.durations.sum())
    assert spoken.mel.shape == (128, frames)
    assert spoken.pitch.shape == (frames,)
    assert len(spoken.durations) == len(SYMBOLS)
    assert frames % model.score.multiple == 0
    assert (spoken.durations >= 0).all()
    assert spoken.mel.isfinite().all()
    assert spoken.mel.min() >= MEL_SILENCE
    assert spoken.pitch.min() > 55
    assert spoken.pitch.max() < 620


@pytest.mark.parametrize("multiple", [2, 4])
def test_whole_frames_keep_the_total(multiple):
    lengths = torch.rand(1, 40, generator=torch.Generator().manual_seed(multiple)) * 3
    whole = _whole_frames(lengths, multiple)
    assert whole.dtype == torch.long
    assert int(whole.sum()) % multiple == 0
    assert 0 <= int(whole.sum()) - round(float(lengths.sum())) < multiple
    assert (whole.cumsum(1)[:, :-1] - lengths.cumsum(1)[:, :-1]).abs().max() <= 0.5
    assert _whole_frames(torch.zeros(1, 3), multiple).tolist() == [[0, 0, multiple]]
    assert _whole_frames(torch.tensor([[0.4, 0.4, 0.4, 2.9]]), 2).tolist() == [[0, 1, 0, 3]]


def test_the_same_seed_says_the_same_and_another_does_not(model):
    assert torch.equal(say(model, seed=7).mel, say(model, seed=7).mel)
    other = say(model, seed=8)
    assert torch.equal(other.durations, say(model, seed=7).durations)
    assert not torch.allclose(other.mel, say(model, seed=7).mel, atol=1e-2)


def test_a_face_changes_the_voice(model):
    assert not torch.allclose(say(model, portrait=1).pitch.mean(), say(model, portrait=2).pitch.mean())


def test_length_scale_and_temperature(model):
    plain = say(model)
    slow = say(model, length_scale=2.0)
    assert slow.mel.shape[1] == pytest.approx(2 * plain.mel.shape[1], abs=3)
    cold = [say(model, seed=seed, temperature=1e12).mel for seed in (1, 2)]
    assert torch.allclose(*cold, atol=1e-3)


def test_the_papers_decoder_stands_behind_the_same_interface():
    unet = build(decoder="unet", decoder_channels=8)
    spoken = say(unet, steps=2, solver="euler")
    assert spoken.mel.shape[1] == int(spoken.durations.sum())
    assert spoken.mel.shape[1] % 4 == 0
    assert torch.equal(say(unet, HAPPY, 0.0, steps=2).mel, say(unet, SAD, 0.0, steps=2).mel)


def test_progress_is_told(model):
    seen = []
    model.synthesise(SYMBOLS, face(), HAPPY, 1.0, Sampling(steps=4), None, lambda step, steps: seen.append((step, steps)))
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


# ---- training -------------------------------------------------------------------------------------------------------------


def batch_of(size: int = 6, emotion: int = HAPPY, frames: int = 24) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(5)
    lengths = torch.tensor([9, 7] * (size // 2))
    inside = torch.arange(9) < lengths[:, None]
    durations = torch.randint(1, 7, (size, 9), generator=random) * inside
    durations[:, 2] = 0
    return {
        "symbols": torch.randint(1, 40, (size, 9), generator=random) * inside,
        "lengths": lengths,
        "durations": durations,
        "tone": torch.randn(size, 9, generator=random) * inside,
        "line": torch.randn(size, frames, generator=random),
        "mel": torch.randn(size, 128, frames, generator=random) - 6,
        "start": torch.arange(size) % 3,
        "frames": torch.full((size,), frames),
        "face": torch.stack([face(seed) for seed in range(size)]),
        "emotion": torch.full((size,), emotion),
    }


@pytest.mark.parametrize("decoder", [{}, {"decoder": "unet", "decoder_channels": 8}])
def test_every_parameter_learns(decoder):
    model = build(**decoder).train()
    losses = model(batch_of())
    assert set(losses) == {"duration", "pitch", "prior", "diffusion", "loss"}
    losses["loss"].backward()
    silent = [name for name, parameter in model.named_parameters() if parameter.grad is None or not parameter.grad.any()]
    assert silent == []


def test_prosody_does_not_teach_the_encoder():
    model = build()
    losses = model(batch_of())
    (losses["duration"] + losses["pitch"]).backward()
    taught = {name.split(".")[0] for name, parameter in model.named_parameters() if parameter.grad is not None and parameter.grad.any()}
    assert taught == {"prosody", "emotion"}


@pytest.mark.parametrize(
    ("emotion", "null_share", "rows"),
    [(HAPPY, 0.0, {HAPPY}), (HAPPY, 1.0, {UNLABELLED}), (UNLABELLED, 0.0, {UNLABELLED}), (NEUTRAL, 0.0, {NEUTRAL, UNLABELLED})],
)
def test_the_null_token_learns_from_its_share(emotion, null_share, rows):
    model = build()
    model(batch_of(16, emotion), null_share=null_share)["loss"].backward()
    assert set(model.emotion.weight.grad.abs().sum(1).nonzero()[:, 0].tolist()) == rows


def test_padding_does_not_change_the_text(model):
    batch = batch_of()
    h, _, _ = model.encode(batch["symbols"], batch["lengths"], batch["face"])
    alone, _, _ = model.encode(batch["symbols"][1:2, :7], batch["lengths"][1:2], batch["face"][1:2])
    assert torch.allclose(h[1:2, :, :7], alone, atol=1e-5)
    assert not h[1, :, 7:].any()


def test_unknown_durations_are_searched_and_known_ones_kept(model):
    batch = batch_of()
    known = batch["durations"].clone()
    batch["durations"][0] = 0
    h, _, _ = model.encode(batch["symbols"], batch["lengths"], batch["face"])
    found, tone = model._known_or_found(batch, h, batch["mel"])
    assert torch.equal(found[1:], known[1:])
    assert torch.equal(tone[1:], batch["tone"][1:])
    assert int(found[0].sum()) == 24
    assert (found[0, :9] >= 1).all()
    first = int(found[0, 0])
    assert float(tone[0, 0]) == pytest.approx(float(batch["line"][0, :first].mean()), abs=1e-6)  # the pitch where it was found
    assert model(batch)["loss"].isfinite()


def test_the_speaker_loss_teaches_the_decoder_and_not_the_voice_network(model):
    voice = VoiceNetwork(VoiceNetwork.Config(width=16, dilations=(1,))).requires_grad_(False).eval()
    learner = build()
    torch.manual_seed(1)
    without = learner(batch_of())
    torch.manual_seed(1)
    losses = learner(batch_of(), voice)
    assert (losses["loss"] - without["loss"]).item() == pytest.approx(0.01 * losses["speaker"].item(), rel=1e-2)
    losses["speaker"].backward()
    assert learner.score.output.weight.grad.any()


def test_one_batch_can_be_learnt():
    model = build().train()
    optimizer = torch.optim.Adam(model.parameters(), 5e-3)
    batch = batch_of()
    history = []
    for _ in range(60):
        losses = model(batch)
        optimizer.zero_grad()
        losses["loss"].backward()
        optimizer.step()
        history.append({name: float(value.detach()) for name, value in losses.items()})
    for name in ("duration", "pitch", "prior"):
        assert history[-1][name] < 0.6 * history[0][name]
    assert sum(h["diffusion"] for h in history[-10:]) < sum(h["diffusion"] for h in history[:10])
