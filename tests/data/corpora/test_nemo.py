"""nEMO from miniature copies of both layouts: the same clips, whatever the columns are called."""

from pathlib import Path

import pytest

from feim.data.corpora.nemo import read_nemo
from feim.signal.emotion import UnknownEmotion

PUBLISHED = (
    "file_id\temotion\traw_text\tnormalized_text\tspeaker_id\tgender\tage\n"
    "WR0_surprised_64.wav\tsurprised\tUcho wykrywa, co słyszy.\tucho wykrywa co słyszy\t        WR0\tmale\t23\n"
    "EB0_anger_13.wav\tanger\t„Tak” powiedziała.\ttak powiedziała\t        EB0\tfemale\t27\n"
)
REENCODED = (
    "audio,emotion,text,normalized_text,speaker,gender,age,seconds\n"
    'audio/WR0_surprised_64.ogg,surprised,"Ucho wykrywa, co słyszy.",ucho wykrywa co słyszy,WR0,male,23,2.94\n'
    "audio/EB0_anger_13.ogg,anger,„Tak” powiedziała.,tak powiedziała,EB0,female,27,2.08\n"
)


@pytest.mark.parametrize(
    ("table", "rows", "first_sound"),
    [("data.tsv", PUBLISHED, "samples/WR0_surprised_64.wav"), ("metadata.csv", REENCODED, "audio/WR0_surprised_64.ogg")],
)
def test_both_layouts(tmp_path: Path, table, rows, first_sound):
    (tmp_path / table).write_text(rows, encoding="utf-8")
    first, second = read_nemo(tmp_path)
    assert first.audio == first_sound
    assert (first.id, first.speaker, first.emotion, first.gender, first.age) == ("WR0_surprised_64", "WR0", "surprised", "male", 23.0)
    assert (second.id, second.speaker, second.emotion, second.gender, second.age) == ("EB0_anger_13", "EB0", "angry", "female", 27.0)
    assert [clip.text for clip in (first, second)] == ["Ucho wykrywa, co słyszy.", "„Tak” powiedziała."]
    assert (first.language, first.corpus, first.licence) == ("pl", "nemo", "CC BY-NC-SA 4.0")


def test_a_missing_set_says_where_to_get_it(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"neither data\.tsv nor metadata\.csv; get nEMO with: git clone https"):
        read_nemo(tmp_path)


def test_an_emotion_that_nobody_knows(tmp_path):
    (tmp_path / "data.tsv").write_text(PUBLISHED.replace("\tanger\t", "\tboredom\t"), encoding="utf-8")
    with pytest.raises(UnknownEmotion, match="boredom"):
        read_nemo(tmp_path)
