"""espeak-ng tells when it speaks each phone; other engines speak only where they are installed, and fail in one line."""

import os
import time

import numpy as np
import pytest

from feim.data.synthetic import engines
from feim.data.synthetic.engines import NATURAL, RULES, Engine, EngineFailed, available_engines
from feim.signal.world import track_pitch


@pytest.fixture(scope="module")
def utterance():
    return RULES[0].speak("Hello, my friend.")


def test_phones_cover_the_sound_in_order(utterance):
    phones = utterance.phones
    assert [one.end for one in phones[:-1]] == [other.start for other in phones[1:]]
    assert all(phone.end >= phone.start for phone in phones)
    assert phones[0].start < 0.2
    assert phones[-1].end == pytest.approx(len(utterance.wave) / 16_000)
    assert utterance.wave.dtype == np.float32
    assert 0.1 < np.abs(utterance.wave).max() <= 1


def test_phones_are_what_is_said(utterance):
    spoken = "".join(phone.name for phone in utterance.phones if phone.name != "pau")
    assert spoken.startswith("h")
    assert "fɹɛnd" in spoken
    assert not set(spoken) & set("ˈˌː ")


def test_a_pause_is_quiet_and_a_vowel_is_not(utterance):
    def level(phone) -> float:
        return float(np.abs(utterance.wave[int(phone.start * 16_000) : int(phone.end * 16_000)]).mean())

    vowels = [level(phone) for phone in utterance.phones if phone.name[:1] in "ɛoəaɪ"]
    pauses = [level(phone) for phone in utterance.phones if phone.name == "pau" and phone.end > phone.start]
    assert max(pauses) < 0.2 * np.median(vowels)


def test_the_same_words_sound_the_same_whenever_and_whatever_was_said_before(utterance):
    RULES[1].speak("Something else, said by another.")
    time.sleep(1.1)  # espeak-ng's own noise starts from the second of the day
    again = RULES[0].speak("Hello, my friend.")
    assert np.array_equal(again.wave, utterance.wave)
    assert again.phones == utterance.phones


@pytest.mark.parametrize("engine", RULES)
def test_engines_have_the_pitch_they_say(engine):
    pitch = track_pitch(engine.speak("We were away all morning, and nobody knew.").wave)
    assert np.median(pitch[pitch > 0]) == pytest.approx(engine.pitch, rel=0.12)


def test_an_unknown_voice():
    with pytest.raises(EngineFailed, match="no voice 'en-zz-nobody'"):
        Engine("espeak", "en-zz-nobody", 100, "male").speak("Hello.")


def test_rules_speak_where_nothing_else_is_installed(monkeypatch):
    monkeypatch.setattr(engines.shutil, "which", lambda program: None)
    assert available_engines() == RULES
    assert {engine.gender for engine in RULES} == {"female", "male"}


def test_natural_engines_are_preferred(monkeypatch):
    monkeypatch.setattr(engines.shutil, "which", lambda program: f"/usr/bin/{program}")
    monkeypatch.setattr(engines, "_voices", lambda program: {engine.voice for engine in NATURAL if engine.program == program})
    assert available_engines() == NATURAL
    monkeypatch.setattr(engines.shutil, "which", lambda program: "/usr/bin/festival" if program == "festival" else None)
    assert available_engines() == RULES  # a woman alone is not enough


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Puts a shell script with a program's name first on the path."""
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def put(program: str, script: str) -> None:
        (tmp_path / program).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / program).chmod(0o755)

    for cached in (engines._voices, engines._festival_process):
        cached.cache_clear()
    yield put
    for cached in (engines._voices, engines._festival_process):
        cached.cache_clear()


def test_a_program_without_the_voice_is_no_engine(install):
    install("festival", "echo '(kal_diphone)'")
    install("flite", "echo 'Voices available: kal slt'")
    assert [engine.name for engine in NATURAL if engine.available] == ["flite-slt"]
    assert available_engines() == RULES


@pytest.mark.parametrize("engine", [NATURAL[0], NATURAL[3]])
def test_a_program_that_never_answers_is_given_up(install, monkeypatch, engine):
    install(engine.program, "exec sleep 600")
    monkeypatch.setattr(engines, "PATIENCE", 0.2)
    with pytest.raises(EngineFailed, match=r"did not answer in 0\.2 s; try it by hand"):
        engine.speak("Hello.")
    assert not engine.available


def test_a_program_that_fails_is_quoted(install):
    install("flite", "echo no such folder >&2; exit 3")
    with pytest.raises(EngineFailed, match=r"^flite failed: no such folder$"):
        NATURAL[0].speak("Hello.")
    assert not NATURAL[0].available


def test_festival_is_started_again_after_it_ended(install):
    install("festival", "exit 0")
    with pytest.raises(EngineFailed, match=r"could not say 'Hello\.' with the voice cmu_us_slt_arctic_hts: it ended"):
        NATURAL[3].speak("Hello.")
    install("festival", "read line; echo failed")
    with pytest.raises(EngineFailed, match="it reported an error"):
        NATURAL[3].speak("Hello.")


def test_names_are_unique():
    assert len({engine.name for engine in (*NATURAL, *RULES)}) == len(NATURAL) + len(RULES)
