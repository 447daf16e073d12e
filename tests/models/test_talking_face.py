"""The talking face: the published layers, films of any length from what each frame hears, and intensity that begins at neutral."""

from itertools import islice

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from feim.models import checkpoint
from feim.models.talking_face import REACH, SAMPLES, TalkingFace, frames_of, generate, picture_of, stream, stretch, to_side, to_signed
from feim.models.talking_face_parts import ConvolutionalLSTM, EmotionEncoder, SkipConvolution, SpeechEncoder, SqueezeExcitation
from feim.signal.emotion import EMOTIONS, NEUTRAL, InvalidIntensity, UnknownEmotion
from feim.signal.face import CANONICAL, Face

TINY = TalkingFace.Config(width=0.02)


@pytest.fixture(scope="module")
def generator() -> TalkingFace:
    """Untrained; speech, emotion and noise show all the same."""
    torch.manual_seed(0)
    return TalkingFace(TINY).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (128, 128, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def waveform() -> np.ndarray:
    """A second, and a bit of one more frame."""
    return (0.3 * np.random.default_rng(1).standard_normal(16_100)).astype(np.float32)


def convolutions(module: nn.Module) -> list[tuple[int, ...]]:
    """Kernel, filters, stride of each."""
    found = [m for m in module.modules() if isinstance(m, nn.Conv1d | nn.Conv2d)]
    return [(layer.kernel_size[0], layer.out_channels, layer.stride[0]) for layer in found]


def test_the_published_layers_at_the_published_width():
    model = TalkingFace(TalkingFace.Config())
    assert convolutions(model.speech_encoder) == [(63, 64, 4), (31, 128, 4), (17, 256, 2), (9, 512, 2), (1, 16, 1)]
    assert convolutions(model.image_encoder) == [(3, 64, 2), (3, 128, 2), (3, 256, 2), (3, 512, 2), (3, 512, 2), (4, 512, 1)]
    assert model.speech_encoder.full.in_features == 35 * 16
    assert (model.speech_encoder.memory.num_layers, model.noise_encoder.num_layers) == (2, 1)
    assert [layer.in_features for layer in model.emotion_encoder.layers if isinstance(layer, nn.Linear)] == [7, 512]
    decoding = [layer.out_channels for layer in model.decoder.modules() if isinstance(layer, nn.Conv2d) and layer.bias is not None]
    assert decoding == [512, 256, 128, 4 * 64, 32, 3]  # the fourth has four gates
    assert model.decoder.enter[0].in_features == 512 + 512 + 128 + 512
    assert checkpoint.parameters(model) == 28_628_627


@pytest.mark.parametrize(("squeeze", "places"), [("none", 0), ("last", 1), ("all", 6)])
def test_where_squeeze_and_excitation_is(squeeze, places):
    model = TalkingFace(TalkingFace.Config(width=0.02, squeeze=squeeze))
    found = [isinstance(module, SqueezeExcitation) for module in model.image_encoder.squeezes]
    assert sum(found) == places
    assert found[-1] == (squeeze != "none")
    assert model(*inputs(frames=2)).video.shape == (2, 2, 3, 128, 128)


def test_unknown_places_are_refused():
    with pytest.raises(ValueError, match="use one of: none, last, all"):
        TalkingFace.Config(squeeze="first")


def inputs(frames: int) -> tuple[torch.Tensor, ...]:
    random = torch.Generator().manual_seed(2)
    speech = torch.randn(2, SAMPLES * (frames - 1) + 2 * REACH + 1, generator=random)
    return (
        torch.rand(2, 3, 128, 128, generator=random) * 2 - 1,
        speech,
        torch.tensor([1, 2]),
        torch.tensor([[0.3], [1.0]]).expand(2, frames),
    )


def test_squeeze_and_excitation_scales_channels_by_their_means():
    block = SqueezeExcitation(32)
    x = torch.randn(2, 32, 5, 5)
    scale = block(x) / x
    assert torch.allclose(scale, scale[:, :, :1, :1].expand_as(scale), atol=1e-4)
    assert ((scale > 0) & (scale < 1)).all()
    shuffled = x.flatten(2)[:, :, torch.randperm(25)].view_as(x)
    assert torch.allclose(block(shuffled) / shuffled, scale, atol=1e-4)
    assert not torch.allclose(block(x + 1) / (x + 1), scale, atol=1e-3)


def test_speech_becomes_25_embeddings_a_second_that_hear_only_their_surroundings():
    encoder = SpeechEncoder(0.02)
    speech = torch.randn(1, SAMPLES * 24 + 2 * REACH + 1, requires_grad=True)
    embedding = encoder(speech)[0]
    assert embedding.shape == (1, 25, 8)

    def heard(frame: int) -> tuple[int, int]:
        """The first and the last sample that this frame depends on."""
        [gradient] = torch.autograd.grad(embedding[0, frame].sum(), speech, retain_graph=True)
        samples = gradient[0].nonzero()
        return int(samples[0]), int(samples[-1])

    first, last = heard(0)
    assert 0 <= first <= 8  # resampling needs a little less than it is given
    assert 2 * REACH - 8 <= last <= 2 * REACH
    assert heard(10) == (first, last + 10 * SAMPLES)  # what went before is remembered


def test_speech_is_not_lost_on_its_way_when_learning_begins():
    """What leaves the convolutions varies as much as what entered; with torch's own initial weights it is a sixtieth."""
    torch.manual_seed(0)
    encoder = TalkingFace(TalkingFace.Config(width=0.25)).speech_encoder.requires_grad_(False)
    h = speech = 0.1 * torch.randn(1, 1, 16_000)
    for convolution in encoder.convolutions:
        h = F.leaky_relu(convolution(h), 0.2)
    assert 0.3 < float(h.std(2).mean() / speech.std()) < 3


def test_the_context_is_of_17_features_of_8_ms_each_side():
    """Convolutions reach 347 samples of 8 kHz, and the context 17 · 64."""
    assert (SAMPLES, REACH) == (640, 2 * (17 * 64 + 347 + 8))


def test_skip_connections_are_convolved_once_as_if_with_every_frame():
    layer = SkipConvolution(8, 5, 6)
    moving, still = torch.randn(2 * 3, 8, 4, 4), torch.randn(2, 5, 4, 4)
    weight = torch.cat([layer.moving.weight, layer.still.weight], 1)
    together = torch.cat([moving, still.repeat_interleave(3, 0)], 1)
    expected = F.conv2d(F.pad(together, (1, 1, 1, 1), mode="reflect"), weight, layer.still.bias)
    assert torch.allclose(layer(moving, layer.still(still)).flatten(0, 1), expected, atol=1e-5)


def test_the_convolutional_lstm_is_an_lstm_in_every_pixel():
    layer, lstm = ConvolutionalLSTM(3, 2, 4), nn.LSTM(3, 4, batch_first=True)
    order = torch.cat([torch.arange(4) + 4 * gate for gate in (0, 1, 3, 2)])  # torch's gates: enter, forget, new, leave
    with torch.no_grad():
        for module in (layer.enter.moving, layer.carry):
            module.weight.zero_()
        layer.enter.moving.weight[:, :, 1, 1] = lstm.weight_ih_l0[order]
        layer.carry.weight[:, :, 1, 1] = lstm.weight_hh_l0[order]
        layer.still.weight.zero_()
        layer.still.bias.copy_((lstm.bias_ih_l0 + lstm.bias_hh_l0)[order])
    moving, still = torch.randn(1, 5, 3, 4, 4), layer.still(torch.randn(1, 2, 4, 4))
    output, (last, cell) = layer(moving.flatten(0, 1), still, None)
    expected, (_, expected_cell) = lstm(moving[0].permute(2, 3, 0, 1).reshape(16, 5, 3))
    assert torch.allclose(output[0].permute(2, 3, 0, 1).reshape(16, 5, 4), expected, atol=1e-5)
    assert torch.allclose(cell[0].permute(1, 2, 0).reshape(16, 4), expected_cell[0], atol=1e-5)
    assert torch.equal(last, output[:, -1])
    first, state = layer(moving[:, :2].flatten(0, 1), still, None)
    second, _ = layer(moving[:, 2:].flatten(0, 1), still, state)
    assert torch.allclose(torch.cat([first, second], 1), output, atol=1e-6)


def test_emotions_leave_neutral_in_a_straight_line():
    encoder = EmotionEncoder(0.1)
    labels = torch.arange(len(EMOTIONS))
    none, half, whole = (encoder(labels, torch.full((7, 1), amount)) for amount in (0.0, 0.5, 1.0))
    none, half, whole = none[:, 0], half[:, 0], whole[:, 0]
    neutral = whole[NEUTRAL]
    assert torch.allclose(none, neutral.expand_as(none), atol=1e-6)
    assert torch.allclose(half, (neutral + whole) / 2, atol=1e-6)
    assert torch.allclose(whole, encoder.layers(torch.eye(7)), atol=1e-6)
    assert len({tuple(row.tolist()) for row in whole}) == 7


def test_a_mixture_leads_to_the_mean_of_its_emotions(generator, image, waveform):
    encoder, amount = generator.emotion_encoder, torch.tensor([[0.0, 0.5, 1.0]])
    happy, sad = (EMOTIONS.index(label) for label in ("happy", "sad"))
    weights = torch.zeros(1, 7)
    weights[0, [happy, sad]] = torch.tensor([0.7, 0.3])
    both = [encoder(torch.tensor([index]), amount) for index in (happy, sad)]
    assert torch.allclose(encoder(weights, amount), 0.7 * both[0] + 0.3 * both[1], atol=1e-5)
    for index in range(7):
        assert torch.equal(encoder(torch.eye(7)[[index]], amount), encoder(torch.tensor([index]), amount))
    films = [
        generate(generator, image, waveform, feeling, 30.0) for feeling in ("happy:0.7+sad:0.3", {"sad": 3, "happy": 7}, "happy", "happy:9")
    ]
    assert np.array_equal(films[0], films[1])
    assert not np.array_equal(films[0], films[2])
    assert np.array_equal(films[2], films[3])


def test_every_frame_may_feel_something_else(generator, image, waveform):
    encoder, amount = generator.emotion_encoder, torch.tensor([[0.0, 0.5, 1.0]])
    found = encoder(torch.eye(7)[None, [1, 2, 3]], amount)
    for frame, index in enumerate((1, 2, 3)):
        assert torch.allclose(found[:, frame], encoder(torch.tensor([index]), amount)[:, frame], atol=1e-6)
    film, happy = (generate(generator, image, waveform, feeling, 30.0) for feeling in ("happy,sad", "happy"))
    assert np.array_equal(film[0], happy[0])
    assert not np.array_equal(film[-1], happy[-1])


def test_a_film_has_a_frame_for_every_begun_40_ms(generator, image, waveform):
    film = generate(generator, image, waveform)
    assert film.shape == (26, 128, 128, 3)
    assert film.dtype == np.uint8
    assert film.std() > 0
    assert [frames_of(np.zeros(samples)) for samples in (1, 640, 641, 16_000)] == [1, 1, 2, 25]


def test_every_frame_may_have_an_intensity_of_its_own(generator, image, waveform):
    constant, neutral = (generate(generator, image, waveform, "happy", gamma) for gamma in (2.0, 0.0))
    assert (generate(generator, image, waveform, "happy", np.full(26, 2.0)) == constant).all()
    track = np.where(np.arange(26) < 13, 2.0, 0.0)
    changing = generate(generator, image, waveform, "happy", track)
    assert (changing[:13] == constant[:13]).all()
    assert (changing[13:] != constant[13:]).any()
    assert np.abs(changing[25].astype(float) - neutral[25]).mean() < np.abs(constant[25].astype(float) - neutral[25]).mean()
    with pytest.raises(ValueError, match=r"intensities of shape \(25,\) for a film of 26 frames"):
        generate(generator, image, waveform, "happy", np.ones(25))
    with pytest.raises(InvalidIntensity):
        generate(generator, image, waveform, "happy", np.full(26, 31.0))


@pytest.mark.parametrize("at_once", [1, 7, 100])
def test_stretches_of_a_film_are_the_film(generator, image, waveform, at_once):
    whole = generate(generator, image, waveform, "happy", 2.0)
    parts = list(stream(generator, image, waveform, "happy", 2.0, at_once=at_once))
    assert max(map(len, parts)) == min(at_once, 26)
    assert np.abs(np.concatenate(parts).astype(int) - whole).max() <= 1  # rounding


def test_ten_minutes_begin_at_once(generator, image):
    frames = stream(generator, image, np.zeros(600 * 16_000, np.float32))
    assert [len(part) for part in islice(frames, 3)] == [25, 25, 25]


def test_speech_moves_the_face_when_it_is_heard_and_not_before(generator, image):
    quiet = np.zeros(32_000, np.float32)
    loud = quiet.copy()
    loud[16_000:17_000] = 0.9
    difference = np.abs(generate(generator, image, quiet).astype(int) - generate(generator, image, loud)).max((1, 2, 3))
    first = -(-(16_000 - REACH) // SAMPLES)
    assert difference[:first].max() == 0
    assert difference[first : first + 12].max() > 0


def test_a_film_depends_on_its_seed_and_on_nothing_else_random(generator, image, waveform):
    once, again, other = (generate(generator, image, waveform, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_intensity_0_is_neutral_and_more_is_further_from_it(generator, image, waveform):
    neutral = generate(generator, image, waveform, "neutral", 5.0).astype(int)
    assert np.array_equal(generate(generator, image, waveform, "happy", 0.0), neutral)
    away = [np.abs(generate(generator, image, waveform, "happy", gamma) - neutral).mean() for gamma in (0.3, 1, 5, 30)]
    assert away == sorted(away)
    assert away[0] > 0
    assert (
        np.abs(generate(generator, image, waveform, "happy", 5.0).astype(int) - generate(generator, image, waveform, "sad", 5.0)).max() > 0
    )


def test_the_picture_matters(generator, image, waveform):
    assert not np.array_equal(generate(generator, image, waveform), generate(generator, 255 - image, waveform))


def test_wishes_that_cannot_be_granted(generator, image, waveform):
    with pytest.raises(UnknownEmotion, match="bored"):
        generate(generator, image, waveform, "bored")
    with pytest.raises(InvalidIntensity, match="31"):
        generate(generator, image, waveform, "happy", 31)
    with pytest.raises(ValueError, match=r"\(64, 64, 3\).*takes \(128, 128, 3\) uint8"):
        generate(generator, image[:64, :64], waveform)
    with pytest.raises(ValueError, match=r"takes .* uint8"):
        generate(generator, image / 255, waveform)
    with pytest.raises(ValueError, match="empty"):
        generate(generator, image, waveform[:0])


def test_silence_is_what_lies_around_a_recording():
    wave = np.arange(1, 2001, dtype=np.float16)
    heard = stretch(wave, 1, 2)
    assert len(heard) == SAMPLES + 2 * REACH + 1
    assert heard.dtype == np.float32
    assert heard[REACH] == 641  # the first sample of frame 1
    assert (heard[: REACH - 640] == 0).all()
    assert heard[REACH - 640] == 1
    assert (heard[REACH - 640 + 2000 :] == 0).all()
    assert (stretch(wave, 1000, 1) == 0).all()


def test_heard_emotion_is_an_option():
    model = TalkingFace(TalkingFace.Config(width=0.02, hears_emotion=True))
    film = model(*inputs(frames=3))
    assert film.heard.shape == (2, 7)
    film.heard.sum().backward()
    assert model.speech_encoder.full.weight.grad.abs().sum() > 0
    assert TalkingFace(TINY)(*inputs(frames=1)).heard is None


def test_weights_survive_the_disk(generator, image, waveform, tmp_path):
    checkpoint.save(generator, "talking-face", {}, tmp_path)
    again = checkpoint.load(TalkingFace, "talking-face", tmp_path)
    assert again.config == TINY
    assert np.abs(generate(again, image, waveform).astype(int) - generate(generator, image, waveform)).mean() < 2  # fp16


def test_a_found_face_becomes_a_picture_of_the_generators_size():
    crop = np.zeros((224, 224, 3), np.uint8)
    x, y = CANONICAL[0].astype(int)
    crop[y - 6 : y + 6, x - 6 : x + 6] = 255
    small = picture_of(Face(crop, np.zeros(4), np.zeros((5, 2)), 0))
    assert small.shape == (128, 128, 3)
    rows, columns = np.nonzero(small[..., 0] > 127)
    assert (columns.mean(), rows.mean()) == pytest.approx(
        tuple(CANONICAL[0] * 128 / 224 - 0.5), abs=0.6
    )  # pixels are named by their corner


def test_pictures_between_bytes_and_signed_numbers():
    signed = to_signed(torch.tensor([0, 255], dtype=torch.uint8))
    assert signed.tolist() == [-1, 1]
    pictures = torch.full((2, 224, 300, 3), 17, dtype=torch.uint8)
    assert torch.equal(to_side(pictures), torch.full((2, 128, 128, 3), 17, dtype=torch.uint8))
