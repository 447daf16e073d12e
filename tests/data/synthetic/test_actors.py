"""Actors whose emotions differ from their neutral by known amounts: measuring them gives these back."""

import json
from pathlib import Path

import numpy as np
import pytest

from feim.data.synthetic import actors
from feim.data.synthetic.actors import DISGUST, ENERGY, main, measure, part_means
from feim.signal.audio import write_audio
from feim.signal.world import World, synthesise

FRAMES = 240  # of a neutral sentence
FALL = 3.0  # semitones, in the last eighth of a sad sentence
# actor → their median pitch in Hz, and for each sentence their semitones above neutral, rate and factor on the range when angry.
# The first has two sentences: an actor counts once, however much they said.
ANGRY = {"AA0": (110.0, [(1.0, 1.25, 1.4), (3.0, 1.25, 1.4)]), "BB0": (180.0, [(3.0, 1.25, 1.5)]), "CC0": (140.0, [(4.0, 1.25, 1.6)])}
SENTENCES = ["Pierwsze zdanie.", "Drugie zdanie."]


def melody(median: float, level: float = 0.0, rate: float = 1.0, width: float = 1.0, fall: float = 0.0) -> np.ndarray:
    """A sentence that swings by two semitones, four times, in a vowel's spectrum → (samples,)."""
    frames = round(FRAMES / rate)
    place = (np.arange(frames) + 0.5) / frames
    semitones = level + width * 2 * np.sin(2 * np.pi * 4 * place) - fall * (place > 7 / 8)
    spectrum = 1e-3 * np.exp(-np.arange(513) / 100)
    return synthesise(World(median * 2 ** (semitones / 12), np.tile(spectrum, (frames, 1)), np.full((frames, 513), 0.02)))


@pytest.fixture(scope="module")
def nemo(tmp_path_factory) -> Path:
    """Three actors in the published layout: neutral, angry, and one who is sad; one angry sentence has no neutral beside it."""
    folder = tmp_path_factory.mktemp("nEMO")
    (folder / "samples").mkdir()
    rows = ["file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage"]

    def say(actor: str, emotion: str, sentence: int, wave: np.ndarray) -> None:
        name = f"{actor}_{emotion}_{sentence}.wav"
        write_audio(folder / "samples" / name, wave)
        rows.append(f"{name}\t{emotion}\t{SENTENCES[sentence]}\t\t        {actor}\tmale\t30")

    for actor, (median, angers) in ANGRY.items():
        for sentence, (level, rate, width) in enumerate(angers):
            say(actor, "neutral", sentence, melody(median))
            say(actor, "anger", sentence, melody(median, level, rate, width))
    say("BB0", "anger", 1, melody(180.0, level=11.0))
    say("BB0", "sadness", 0, melody(180.0, rate=0.8, fall=FALL))
    (folder / "data.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def table(nemo) -> dict:
    return measure(nemo, processes=1)


def test_what_the_actors_do_is_measured(table):
    assert set(table) == {"angry", "sad", "disgusted"}
    angry = table["angry"]
    assert angry["level"] == pytest.approx((2 + 3 + 4) / 3, abs=0.1)  # over clips it would be 2.75
    assert angry["rate"] == pytest.approx(1.25, rel=0.02)
    assert angry["range"] == pytest.approx((1.4 + 1.5 + 1.6) / 3, rel=0.04)
    assert angry["contour"] == pytest.approx([0] * 8, abs=0.3)  # the wider swing explains it all
    assert angry["envelope"] == pytest.approx([0] * 16, abs=1.5)


def test_how_a_sentence_ends_is_in_its_contour(table):
    sad = table["sad"]
    assert sad["rate"] == pytest.approx(0.8, rel=0.02)
    assert np.argmin(sad["contour"]) == 7
    assert np.mean(sad["contour"][:7]) - sad["contour"][7] == pytest.approx(FALL, abs=0.7)


def test_what_nemo_cannot_tell_is_from_the_literature(table):
    assert table["disgusted"] == DISGUST | {"energy": ENERGY["disgusted"]}
    assert {emotion: row["energy"] for emotion, row in table.items()} == {emotion: ENERGY[emotion] for emotion in table}


def test_parts_of_a_sentence():
    line, use = np.repeat(np.arange(8.0), 3), np.ones(24, bool)
    use[6:9], line[3] = False, 4.0
    assert part_means(line, use)[[0, 1, 3, 7]] == pytest.approx([0, 2, 3, 7])
    assert np.isnan(part_means(line, use)[2])


def test_the_command_writes_the_table(nemo, table, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(actors, "TABLE", tmp_path / "prosody.json")
    main([str(nemo), "--processes", "1"])
    assert json.loads((tmp_path / "prosody.json").read_text()) == table
    assert "angry, sad, disgusted" in capsys.readouterr().out


def test_a_folder_without_nemo(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(actors, "TABLE", tmp_path / "prosody.json")
    with pytest.raises(SystemExit) as stopped:
        main([str(tmp_path)])
    assert stopped.value.code == 2
    assert "give the unpacked nEMO folder" in capsys.readouterr().err
    assert not (tmp_path / "prosody.json").exists()
