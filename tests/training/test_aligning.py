"""A language of hums, in which every letter is a spectrum of its own: the aligner finds where each was hummed."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from feim.__main__ import main
from feim.data.clip import Clip, read_manifest, write_manifest
from feim.data.features import read_features
from feim.nn.alignment import symbol_of_frame
from feim.signal.audio import MEL_SILENCE, write_audio
from feim.signal.text import SYMBOLS, with_blanks
from feim.training import aligning
from feim.training.aligning import align_corpus, batches, even_durations, losses, standard, timed, whole_durations

PITCHES = dict(zip("aeioks", 250 * 1.7 ** np.arange(6), strict=True))  # Hz: 250 to 3,500
CLIPS = 24


def hum(letters: str, frames: list[int], random: np.random.Generator) -> np.ndarray:
    """Noise at the ends, else each letter's tone; `frames`: of the pause before, of every letter, of the pause after."""
    tones = [0.0, *(PITCHES[letter] for letter in letters), 0.0]
    pitch = np.repeat(tones, np.array(frames) * 160)
    wave = 0.2 * np.sin(2 * np.pi * np.cumsum(pitch) / 16_000) * (pitch > 0)
    return (wave + 0.001 * random.standard_normal(len(wave))).astype(np.float32)


@pytest.fixture(scope="module")
def language(tmp_path_factory) -> tuple[Path, dict[str, list[int]]]:
    """Clips without times, and the true ones; one clip is too short for its text, one has times already, one has no text."""
    folder = tmp_path_factory.mktemp("hums")
    (folder / "audio").mkdir()
    random = np.random.default_rng(0)
    clips, truth = [], {}
    for number in range(CLIPS):
        letters = "".join(random.choice(list(PITCHES), random.integers(4, 8)))
        letters = "".join(a for a, b in pairwise(letters + "_") if a != b)  # twins have no border
        frames = random.integers(8, 26, len(letters) + 2).tolist()
        phonemes = with_blanks("ˈ".join(letters))  # marks, which take no time
        name = f"{number:02d}"
        truth[name] = frames
        write_audio(folder / "audio" / f"{name}.flac", hum(letters, frames, random))
        clips.append(
            Clip(
                name, "hums", "A", "pl", letters, "synthetic", "train", phonemes, audio=f"audio/{name}.flac", emotion="happy", intensity=0.5
            )
        )
    clips[3] = replace(clips[3], id="short", phonemes=with_blanks("aeios" * 60), gender="female")
    clips[5] = replace(clips[5], id="timed", durations=[sum(truth["05"]), *[0] * (len(clips[5].phonemes) - 1)], split="test")
    clips[7] = replace(clips[7], id="mute", phonemes=None, text="")
    write_manifest(folder, clips)
    return folder, truth


@pytest.fixture(scope="module")
def aligned(language, tmp_path_factory) -> tuple[list[Clip], list[Clip], tuple[int, int]]:
    """The manifest before and after, and what was told."""
    folder, _ = language
    before = read_manifest(folder)
    told = align_corpus(folder, tmp_path_factory.mktemp("run"), steps=100)
    return before, read_manifest(folder), told


def test_durations_are_near_the_truth(language, aligned):
    _, after, _ = aligned
    _, truth = language
    found, even = [], []
    for clip in after:
        if clip.id in truth:
            places, durations = timed(clip.phonemes), np.array(clip.durations)
            assert not np.delete(durations, places).any()  # blanks and marks take no time
            ends = np.cumsum(truth[clip.id])[:-1]
            found += np.abs(np.cumsum(durations[places])[:-1] - ends).tolist()
            even += np.abs(ends[-1] / len(ends) * np.arange(1, len(ends) + 1) - ends).tolist()
    assert np.mean(np.array(found) <= 4) > 0.8  # frames; a mel's window is six long
    assert np.mean(np.array(even) <= 4) < 0.6


def test_durations_fill_the_sound(language, aligned):
    folder, _ = language
    _, after, _ = aligned
    spoken = [clip for clip in after if clip.phonemes and clip.durations]
    found = read_features(folder, spoken, ("mel",))
    for index, clip in enumerate(spoken):
        assert len(clip.durations) == len(clip.phonemes)
        assert sum(clip.durations) == found.starts[index + 1] - found.starts[index]
        assert min(clip.durations) >= 0
        if clip.id != "timed":
            assert min(np.array(clip.durations)[timed(clip.phonemes)]) >= 1


def test_the_manifest_keeps_everything_else(aligned):
    before, after, _ = aligned
    assert [replace(clip, durations=None) for clip in after] == [replace(clip, durations=None) for clip in before]
    known = {clip.id: clip.durations for clip in before}
    for clip in after:
        if clip.id in ("timed", "short", "mute"):
            assert clip.durations == known[clip.id]


def test_clips_too_short_for_their_text_are_counted(aligned):
    _, after, told = aligned
    assert told == (CLIPS - 3, 1)
    assert [clip.id for clip in after if clip.phonemes and clip.durations is None] == ["short"]


def refused(capsys, *arguments: object) -> str:
    assert main(["align", *map(str, arguments)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    [line] = said.err.splitlines()[-1:]
    assert line.startswith("feim: ")
    return line


def test_called_again_it_says_what_still_waits(language, aligned, tmp_path, capsys):
    folder, _ = language
    line = refused(capsys, folder, "--out", tmp_path)
    assert line == f"feim: {folder} has 1 clips without phone times, all too short for their texts; there is nothing to align"
    assert read_manifest(folder) == aligned[1]


def test_nothing_to_align(corpus, tmp_path, capsys):
    assert "has no clip with a text and without phone times; there is nothing to align" in refused(capsys, corpus, "--out", tmp_path)
    assert "has no manifest.parquet" in refused(capsys, tmp_path / "nothing")
    assert refused(capsys, corpus, "--steps", 0) == "feim: --steps 0 trains nothing; use 1 or more"


def test_the_command_tells(language, tmp_path, capsys):
    folder, _ = language
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "audio").symlink_to(folder / "audio")
    write_manifest(corpus, [replace(clip, durations=None) for clip in read_manifest(folder)])
    assert main(["align", str(corpus), "--steps", "2", "--out", str(tmp_path / "run"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"corpus": str(corpus), "aligned": CLIPS - 2, "too short": 1}
    assert (tmp_path / "run" / "state").is_dir()
    write_manifest(corpus, [replace(clip, durations=None) for clip in read_manifest(folder)])
    assert main(["align", str(corpus), "--steps", "2", "--out", str(tmp_path / "run"), "--resume"]) == 0
    assert f"phone times of {CLIPS - 2} clips; 1 are too short for their texts" in capsys.readouterr().out


# ---- its parts ------------------------------------------------------------------------------------------------------------


def test_what_takes_time():
    phonemes = "_k_ˈ_æ_t_ _a_._"
    assert [(place, phonemes[place]) for place in timed(phonemes)] == [
        (0, "_"), (1, "k"), (5, "æ"), (7, "t"), (11, "a"), (13, "."), (14, "_"),
    ]  # fmt: skip


def test_even_durations():
    found = even_durations(torch.tensor([3, 2, 4]), torch.tensor([9, 5, 4]), longest=4)
    assert found.tolist()[0] == [3, 3, 3, 0]
    assert found.sum(1).tolist() == [9, 5, 4]
    assert found[2].tolist() == [1, 1, 1, 1]


def test_standard_takes_level_and_colour_off():
    random = np.random.default_rng(0)
    mel = random.normal(-5, 2, (50, 128)).astype(np.float32)
    mel[:20] = MEL_SILENCE
    colour = random.normal(0, 1, 128).astype(np.float32)
    assert standard(mel + colour + 3)[20:] == pytest.approx(standard(mel)[20:], abs=1e-4)
    assert standard(mel)[:20].max() < -2
    assert np.isfinite(standard(np.full((9, 128), MEL_SILENCE, np.float32))).all()  # a recording of nothing spoils no run


def test_batches_are_the_same_however_many_processes_share_them(language):
    folder, _ = language
    clips = [clip for clip in read_manifest(folder) if clip.phonemes]
    found = read_features(folder, clips)
    whole, half = (batches(found, range(len(clips)), size, evenly=8) for size in (4, 2))
    lengths = [torch.cat([half(6)[name], half(7)[name]]) for name in ("lengths", "timed", "frames")]
    assert all(torch.equal(whole(3)[name], both) for name, both in zip(("lengths", "timed", "frames"), lengths, strict=True))
    assert [bool(whole(index)["evenly"].all()) for index in range(4)] == [True, True, False, False]
    assert [bool(half(index)["evenly"].all()) for index in range(6)] == [True] * 4 + [False] * 2
    batch = whole(3)
    assert batch["mel"].shape == (4, 128, int(batch["frames"].max()))
    assert batch["symbols"].shape == (4, int(batch["lengths"].max()))
    assert batch["places"].shape == (4, int(batch["timed"].max()))
    assert not torch.equal(batch["frames"], whole(4)["frames"])


class Knows(torch.nn.Module):
    """Says that symbol k sounds like the value k in every band."""

    def forward(self, symbols: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        return symbols[:, None].expand(-1, 128, -1).float()


def test_who_knows_the_sounds_finds_the_times_and_has_no_loss():
    phonemes = with_blanks("abc")
    durations = torch.tensor([[2, 4, 0, 3, 0, 5, 1]])
    symbols = torch.tensor([[SYMBOLS.index(symbol) for symbol in phonemes]])
    mel = Knows()(symbols, None).gather(2, symbol_of_frame(durations, 15)[:, None].expand(-1, 128, -1))  # (1, 128, 15)
    assert whole_durations(phonemes, Knows(), mel[0].T.numpy()) == durations[0].tolist()
    places = torch.tensor([timed(phonemes)])
    batch = {
        "symbols": symbols, "lengths": torch.tensor([7]), "places": places, "timed": torch.tensor([5]),
        "mel": torch.nn.functional.pad(mel, (0, 4), value=99), "frames": torch.tensor([15]), "evenly": torch.tensor([False]),
    }  # fmt: skip
    assert float(losses(Knows(), batch)["loss"]) == 0
    assert float(losses(Knows(), batch | {"evenly": torch.tensor([True])})["loss"]) > 0
    assert aligning.BATCH % 4 == 0  # two and four processes may share it
