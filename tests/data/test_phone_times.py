"""Hand-made phone times, laid onto symbols by hand."""

import pytest

from feim.data.phone_times import PhonesDoNotFit, TimedPhone, symbol_durations


def timed(*phones: tuple[str, float]) -> list[TimedPhone]:
    """Names with their ends in seconds."""
    starts = [0.0, *(end for _, end in phones[:-1])]
    return [TimedPhone(name, start, end) for start, (name, end) in zip(starts, phones, strict=True)]


def named(phonemes: str, durations: list[int]) -> list[tuple[str, int]]:
    """The symbols that take time."""
    return [(symbol, frames) for symbol, frames in zip(phonemes, durations, strict=True) if frames]


def test_the_same_phones_one_by_one():
    phonemes = "_k_ˈ_æ_t_"
    durations = symbol_durations(phonemes, timed(("k", 0.1), ("æ", 0.25), ("t", 0.3)), 30)
    assert named(phonemes, durations) == [("k", 10), ("æ", 15), ("t", 5)]
    assert durations == [0, 10, 0, 0, 0, 15, 0, 5, 0]


def test_arpabet_with_stress_numbers():
    phonemes = "_k_ˈ_æ_t_"
    assert named(phonemes, symbol_durations(phonemes, timed(("K", 0.1), ("AE1", 0.25), ("T", 0.3)), 30)) == [("k", 10), ("æ", 15), ("t", 5)]


def test_pauses_go_to_the_ends_and_to_punctuation():
    phonemes = "_n_ˈ_o_ʊ_,_ _j_ˈ_ɛ_s_._"
    phones = timed(("pau", 0.2), ("n", 0.3), ("ow", 0.5), ("pau", 0.9), ("y", 1.0), ("eh", 1.1), ("s", 1.2), ("pau", 1.5))
    found = named(phonemes, symbol_durations(phonemes, phones, 150))
    assert found == [("_", 20), ("n", 10), ("o", 10), ("ʊ", 10), (",", 40), ("j", 10), ("ɛ", 10), ("s", 10), ("_", 30)]


def test_a_pause_between_words_goes_to_their_space():
    phonemes = "_a_ _b_"
    assert named(phonemes, symbol_durations(phonemes, timed(("a", 0.1), ("sil", 0.15), ("+SPN+", 0.2), ("b", 0.3)), 30)) == [
        ("a", 10), (" ", 10), ("b", 10),
    ]  # fmt: skip


def test_diphthongs_share_their_phones_time():
    phonemes = "_a_ɪ_"
    assert named(phonemes, symbol_durations(phonemes, timed(("ay", 0.3)), 30)) == [("a", 15), ("ɪ", 15)]


def test_a_like_phone_stands_for_another():
    phonemes = "_b_ˈ_ʌ_ɾ_ɚ_"  # "butter" as espeak-ng flaps it, and as flite does not
    phones = timed(("b", 0.1), ("ah", 0.2), ("t", 0.25), ("er", 0.4))
    assert named(phonemes, symbol_durations(phonemes, phones, 40)) == [("b", 10), ("ʌ", 10), ("ɾ", 5), ("ɚ", 15)]


def test_a_letter_the_engine_swallowed_takes_half_of_the_one_before():
    phonemes = "_l_æ_s_t_ _d_e_ɪ_"
    phones = timed(("l", 0.1), ("ae", 0.2), ("s", 0.4), ("d", 0.5), ("ey", 0.7))
    assert named(phonemes, symbol_durations(phonemes, phones, 70)) == [
        ("l", 10), ("æ", 10), ("s", 10), ("t", 10), ("d", 10), ("e", 10), ("ɪ", 10),
    ]  # fmt: skip


def test_a_phone_that_is_not_written_belongs_to_the_letter_before():
    phonemes = "_f_ˈ_ɪ_l_m_"
    phones = timed(("f", 0.1), ("ih", 0.2), ("l", 0.3), ("ax", 0.35), ("m", 0.5))
    assert named(phonemes, symbol_durations(phonemes, phones, 50)) == [("f", 10), ("ɪ", 10), ("l", 15), ("m", 15)]


@pytest.mark.parametrize("frames", [28, 30, 33])
def test_durations_sum_to_the_frames_of_the_sound(frames):
    durations = symbol_durations("_k_ˈ_æ_t_", timed(("k", 0.104), ("ae", 0.247), ("t", 0.301)), frames)
    assert sum(durations) == frames
    assert min(durations) >= 0


@pytest.mark.parametrize("phones", [[], [("sh", 0.1), ("uw", 0.2), ("m", 0.3), ("z", 0.4)], [("pau", 1.0)]])
def test_phones_that_say_something_else(phones):
    with pytest.raises(PhonesDoNotFit, match="do not say 'kˈæt'; check the transcript"):
        symbol_durations("_k_ˈ_æ_t_", timed(*phones) if phones else [], 40)
