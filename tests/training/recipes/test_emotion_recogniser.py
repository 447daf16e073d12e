"""The recipe in miniature: actors and a teacher who buzz, high when happy and low when sad."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from feim.data.clip import SYNTHETIC, Clip, write_manifest
from feim.models import checkpoint
from feim.models.voice_emotion import VoiceEmotion
from feim.signal.audio import write_audio
from feim.signal.emotion import EMOTIONS
from feim.signal.world import track_pitch
from feim.training.order import Order
from feim.training.recipes import emotion_recogniser
from feim.training.recipes.emotion_recogniser import Voice

TONES = {"happy": 300.0, "sad": 110.0}
TAKES = 4  # of each emotion


def record(folder: Path, speakers: dict[str, str], licence: str) -> Path:
    """Half a second of harmonics and noise for every take; `speakers`: name → split."""
    (folder / "audio").mkdir(parents=True)
    time = np.arange(8_000) / 16_000
    clips = []
    for speaker, split in speakers.items():
        for emotion, tone in TONES.items():
            for take in range(TAKES):
                random = np.random.default_rng([*f"{speaker}{emotion}{take}".encode()])
                pitch = tone * random.uniform(0.95, 1.05)
                wave = 0.1 * sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 9)) + 0.003 * random.standard_normal(len(time))
                name = f"{speaker}-{emotion}-{take}"
                write_audio(folder / "audio" / f"{name}.flac", wave.astype(np.float32))
                clips.append(
                    Clip(
                        id=name, corpus=folder.name, speaker=speaker, language="pl", text="", licence=licence, split=split,
                        audio=f"audio/{name}.flac", emotion=emotion,
                    )
                )  # fmt: skip
    unlabelled = replace(clips[0], id="unlabelled", emotion=None)
    write_manifest(folder, [*clips, unlabelled])
    return folder


@pytest.fixture(scope="module", autouse=True)
def _quick():
    """Clean buzzes need no Harvest."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("feim.data.features.world.track_pitch", lambda wave, noisy: track_pitch(wave))
        yield


@pytest.fixture(scope="module")
def acted(tmp_path_factory) -> Path:
    """Four actors, two of them for judges."""
    speakers = {"A": "train", "B": "test", "C": "judge", "D": "judge"}
    return record(tmp_path_factory.mktemp("corpora") / "acted", speakers, "CC BY-NC 4.0")


@pytest.fixture(scope="module")
def taught(tmp_path_factory) -> Path:
    """A teacher whom generators learn from, and two for judges; the first of these is measured on."""
    speakers = {"for-generators": "train", "judge-1": "judge", "judge-2": "judge"}
    return record(tmp_path_factory.mktemp("corpora") / "taught", speakers, SYNTHETIC)


@pytest.fixture
def order(acted, taught, tmp_path) -> Order:
    return Order((acted, taught), tmp_path / "run", tmp_path / "weights", steps=2)


def test_who_is_heard(acted, taught):
    heard = emotion_recogniser.hear(acted, judges_alone=False)
    assert (set(heard.training), heard.measured) == ({"acted/A", "acted/B", "acted/C", "acted/D"}, {})
    for voice in heard.training.values():
        assert voice.is_actor
        assert voice.clips.shape == (2 * TAKES, VoiceEmotion.Config().functionals)
        assert sorted(voice.emotions.tolist()) == sorted([EMOTIONS.index("happy"), EMOTIONS.index("sad")] * TAKES)
        high, low = (voice.clips[voice.emotions == EMOTIONS.index(emotion), 0].mean() for emotion in ("happy", "sad"))
        assert high - low == pytest.approx(12 * np.log2(300 / 110), abs=1)
    assert heard.data == {"name": "acted", "speakers": 4, "clips": 32, "hours": 0.0, "licence": "CC BY-NC 4.0"}

    heard = emotion_recogniser.hear(taught, judges_alone=False)
    assert (set(heard.training), set(heard.measured)) == ({"taught/judge-2"}, {"taught/judge-1"})
    assert not heard.training["taught/judge-2"].is_actor
    assert heard.data["clips"] == 8


def test_judges_hear_only_their_own_people(acted):
    heard = emotion_recogniser.hear(acted, judges_alone=True)
    assert (set(heard.training), set(heard.measured)) == ({"acted/C", "acted/D"}, {"acted/A", "acted/B"})
    assert (heard.data["speakers"], heard.data["clips"]) == (2, 16)


def test_the_card_says_how_well_people_are_heard_who_were_left_out(order):
    model = emotion_recogniser.run(order)
    card = json.loads((order.checkpoints / "emotion-recogniser.json").read_text())
    known = {"0", "1", "3", "10", "30", "all"}
    assert set(card["metrics"]) == {"actors left out", "teachers never heard"}
    assert set(card["metrics"]["actors left out"]) == known | {"acted/A", "acted/B", "acted/C", "acted/D"}
    assert set(card["metrics"]["teachers never heard"]) == known
    assert all(0 <= value <= 1 for found in card["metrics"].values() for value in found.values())
    assert card["licence"].startswith("non-commercial; learnt from acted (CC BY-NC 4.0), taught (synthetic)")
    assert card["settings"]["steps"] == 2
    assert len([part for part in order.out.iterdir() if part.name.startswith("without-")]) == 4
    loaded = checkpoint.load(VoiceEmotion, "emotion-recogniser", order.checkpoints)
    assert loaded.config == model.config
    torch.testing.assert_close(loaded.usual, model.usual, rtol=1e-3, atol=1e-4)
    assert float(model.temperature) > 0


def test_the_judge_is_measured_on_those_it_leaves_to_generators(order):
    emotion_recogniser.run(replace(order, name="acted-emotion-judge"))
    assert not (order.checkpoints / "emotion-recogniser.json").exists()
    card = checkpoint.read_card("acted-emotion-judge", order.checkpoints)
    assert {"acted/C", "acted/D"} == {title for title in card["metrics"]["actors left out"] if "/" in title}
    assert set(card["metrics"]) == {"actors left out", "actors that judges leave to generators", "teachers never heard"}
    assert "--name acted-emotion-judge" in card["command"]


def test_it_learns_what_differs(order, monkeypatch):
    """Nobody's happy clips are like anybody's sad ones: a few steps are enough to tell them for people never heard."""
    monkeypatch.setattr(emotion_recogniser, "BATCH", 32)
    emotion_recogniser.run(replace(order, steps=30))
    found = checkpoint.read_card("emotion-recogniser", order.checkpoints)["metrics"]
    assert found["actors left out"]["all"] > 0.9
    assert found["teachers never heard"]["all"] > 0.9


def test_nobody_left_out_is_learnt_from(order, monkeypatch):
    taken = {}
    fit = emotion_recogniser.fit

    def told(order, voices, part):
        taken[part] = voices
        return fit(order, voices, part)

    monkeypatch.setattr(emotion_recogniser, "fit", told)
    emotion_recogniser.run(replace(order, steps=1))
    everybody = taken.pop("all")
    assert len(everybody) == 5
    assert len(taken) == 4
    missing = [next(i for i, voice in enumerate(everybody) if not any(voice is other for other in voices)) for voices in taken.values()]
    assert missing == [0, 1, 2, 3]
    assert all(len(voices) == 4 for voices in taken.values())


def test_people_of_two_corpora_with_one_name_have_states_of_their_own(order, acted, tmp_path):
    """Or a resumed run would take one's recogniser, which has heard the other, for the other's."""
    again = tmp_path / "again"
    again.mkdir()
    for name in ("audio", "features", "manifest.parquet"):
        (again / name).symlink_to(acted / name)
    emotion_recogniser.run(replace(order, corpora=(acted, again), steps=1, name="acted-emotion-judge"))
    assert len([part for part in order.out.iterdir() if part.name.startswith("without-")]) == 4


def test_it_resumes(order):
    first = emotion_recogniser.run(order)
    stamps = {path: path.stat().st_mtime_ns for path in order.checkpoints.iterdir()}
    again = emotion_recogniser.run(replace(order, resume=True))
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    assert all(path.stat().st_mtime_ns > stamp for path, stamp in stamps.items())
    longer = emotion_recogniser.run(replace(order, resume=True, steps=3))
    assert not torch.equal(longer.classify, first.classify)


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_actors(order, taught, tmp_path, count):
    one = [record(tmp_path / "one", {"A": "train"}, "CC BY 4.0")] if count else []
    with pytest.raises(ValueError, match=f"the corpora have {count} speakers who are no teachers, with labels; .* needs two or more"):
        emotion_recogniser.run(replace(order, corpora=(taught, *one)))
    assert not order.checkpoints.exists()


def test_a_judge_needs_people_for_judges(order, tmp_path):
    others = record(tmp_path / "others", {"A": "train", "B": "train"}, "CC BY 4.0")
    with pytest.raises(ValueError, match="the corpora have 0 speakers"):
        emotion_recogniser.run(replace(order, corpora=(others,), name="acted-emotion-judge"))


@pytest.mark.parametrize("licence", [SYNTHETIC, "CC BY 4.0"])
def test_a_corpus_without_anything_to_hear(order, acted, tmp_path, licence):
    clips = [Clip("x", "mute", "A", "pl", "", licence, audio="audio/x.flac", emotion="happy" if licence == SYNTHETIC else None)]
    write_manifest(tmp_path, clips)  # a teacher for generators, or nobody's emotion
    with pytest.raises(ValueError, match="has no clip with an emotion that this recipe may hear"):
        emotion_recogniser.run(replace(order, corpora=(acted, tmp_path)))


def test_orders_that_it_refuses(order):
    with pytest.raises(ValueError, match="makes emotion-recogniser or acted-emotion-judge, not judge; leave --name out"):
        emotion_recogniser.run(replace(order, name="judge"))
    for given in ({"initial": "tts"}, {"decoder": "unet"}, {"faces": Path("london")}, {"shares": (1.0,)}, {"forget_emotions": True}):
        with pytest.raises(ValueError, match="emotion-recogniser has no use for --"):
            emotion_recogniser.run(replace(order, **given))


# ---- its parts ------------------------------------------------------------------------------------------------------------


def stub(right: torch.Tensor) -> tuple[VoiceEmotion, Voice]:
    """A recogniser who is sure of happiness, and a voice that is happy where `right`, else sad."""
    model = VoiceEmotion(VoiceEmotion.Config(functionals=2, members=1, hidden=1)).eval()
    torch.nn.init.zeros_(model.classify)
    with torch.no_grad():
        model.classify_bias[..., EMOTIONS.index("happy")] = 6.0
    emotions = torch.where(right, EMOTIONS.index("happy"), EMOTIONS.index("sad"))
    return model, Voice(torch.randn(len(right), 2), emotions, is_actor=True)


def test_accuracy_counts_every_emotion_alike():
    pair = stub(torch.tensor([True] * 9 + [False]))
    assert emotion_recogniser.accuracy([pair]) == 0.5
    assert emotion_recogniser.accuracy([pair, stub(torch.tensor([True]))]) == 0.75
    assert emotion_recogniser.accuracy([pair], 3, np.random.default_rng(0)) == 0.5


def test_the_temperature_makes_a_recogniser_as_sure_as_it_is_right():
    torch.manual_seed(0)
    model, voice = stub(torch.rand(4000) < 0.6)
    model.temperature.fill_(emotion_recogniser.temperature([(model, voice)]))
    # Sure of happiness with e⁶ against six others: the likeliest temperature gives it its share of the clips, 0.6.
    assert float(model.probabilities(voice.clips[:1], model.acquaint(voice.clips))[0].max()) == pytest.approx(0.6, abs=0.03)
    assert emotion_recogniser.temperature([(model, voice)]) == pytest.approx(float(model.temperature), rel=0.03)  # whatever it had before


def test_batches_repeat_themselves_however_many_processes_share_them(acted, taught):
    voices = [voice for folder in (acted, taught) for voice in emotion_recogniser.hear(folder, False).training.values()]
    model = VoiceEmotion()
    emotion_recogniser.get_to_know_people(model, [voice.clips for voice in voices if voice.is_actor])
    whole, half = (emotion_recogniser.batches(model, voices, size) for size in (8, 4))
    for name, rows in whole(3).items():
        assert torch.equal(rows, whole(3)[name])
        assert torch.equal(rows, torch.cat([half(6)[name], half(7)[name]]))
    assert not torch.equal(whole(3)["inputs"], whole(4)["inputs"])
    strangeness = emotion_recogniser.batches(model, voices, 200)(0)["inputs"][:, -1]
    assert (strangeness == 1).any()  # some have never heard the voice
    assert strangeness.min() == pytest.approx(1 / (1 + 8 / 4))  # most know all eight of its clips
    assert 0.5 < (strangeness == strangeness.min()).float().mean() < 0.95


def test_people_count_alike_however_much_they_say():
    model = VoiceEmotion(VoiceEmotion.Config(functionals=1))
    emotion_recogniser.get_to_know_people(model, [torch.full((500, 1), 1.0), torch.tensor([[2.0], [4.0]] * 50)])
    assert float(model.usual) == pytest.approx((1 + 3) / 2, abs=0.01)
    assert float(model.spread) == pytest.approx(0.5**0.5, abs=0.01)  # √ of the mean of 0 and 1
