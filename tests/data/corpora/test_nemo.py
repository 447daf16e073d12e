"""nEMO from miniature copies of both layouts: the same clips, whatever the columns are called."""

from pathlib import Path

import pytest

from feim.data.corpora.nemo import read_nemo
from feim.data.corpora.publication import MissingCorpus
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
    folder = tmp_path / "nEMO-main" / Path(first_sound).parent
    folder.mkdir(parents=True)
    (folder / Path(first_sound).name).touch()
    (tmp_path / "nEMO-main" / table).write_text(rows, encoding="utf-8")
    first, second = read_nemo(tmp_path)
    assert first.audio == f"nEMO-main/{first_sound}"
    assert read_nemo(tmp_path / "nEMO-main")[0].audio == first_sound
    assert (first.id, first.speaker, first.emotion, first.gender, first.age) == ("WR0_surprised_64", "WR0", "surprised", "male", 23.0)
    assert (second.id, second.speaker, second.emotion, second.gender, second.age) == ("EB0_anger_13", "EB0", "angry", "female", 27.0)
    assert [clip.text for clip in (first, second)] == ["Ucho wykrywa, co słyszy.", "„Tak” powiedziała."]
    assert (first.language, first.corpus, first.licence) == ("pl", "nemo", "CC BY-NC-SA 4.0")


def test_tables_without_sounds_say_so(tmp_path):
    for table, rows in (("data.tsv", PUBLISHED), ("metadata.csv", REENCODED)):
        (tmp_path / table).write_text(rows, encoding="utf-8")
        with pytest.raises(MissingCorpus, match=f"has none of the sounds that {table} lists; give the unpacked nEMO folder"):
            read_nemo(tmp_path)


def test_an_emotion_that_nobody_knows(tmp_path):
    (tmp_path / "data.tsv").write_text(PUBLISHED.replace("\tanger\t", "\tboredom\t"), encoding="utf-8")
    with pytest.raises(UnknownEmotion, match="boredom"):
        read_nemo(tmp_path)
