"""A manifest brings every clip back, and says when it is not one."""

from dataclasses import fields, replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from feim.data.clip import MANIFEST, BrokenManifest, Clip, read_manifest, write_manifest

FULL = Clip(
    id="a-1", corpus="toys", speaker="żółw", language="en-us", text="Hello, “world”.", licence="CC0", split="judge", phonemes="_h_ˈ_a_ɪ_",
    durations=[0, 3, 0, 5, 1, 7, 2, 0, 1], audio="audio/a.flac", image="a.jpg", video="a.mp4", emotion="happy", intensity=0.5,
    gender="female", age=23.0,
)  # fmt: skip
BARE = Clip(id="b", corpus="toys", speaker="x", language="pl", text="", licence="CC0")


def test_clips_come_back_in_order(tmp_path):
    assert None not in [getattr(FULL, field.name) for field in fields(Clip)]
    clips = [FULL, BARE, replace(FULL, id="c", intensity=0.0, durations=[])]
    write_manifest(tmp_path, clips)
    assert read_manifest(tmp_path) == clips


def test_an_empty_corpus(tmp_path):
    write_manifest(tmp_path, [])
    assert read_manifest(tmp_path) == []


def test_a_manifest_is_replaced_whole(tmp_path):
    write_manifest(tmp_path, [FULL])
    with pytest.raises(pa.ArrowException):
        write_manifest(tmp_path, [replace(FULL, durations="long")])
    assert read_manifest(tmp_path) == [FULL]
    write_manifest(tmp_path, [BARE])
    assert read_manifest(tmp_path) == [BARE]


def broken(folder) -> str:
    with pytest.raises(BrokenManifest) as raised:
        read_manifest(folder)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_no_manifest(tmp_path):
    assert "make one with `python -m feim synthesise-corpus`" in broken(tmp_path)


@pytest.mark.parametrize("content", [b"", b"not parquet at all", b"PAR1 truncated"])
def test_a_damaged_manifest(tmp_path, content):
    (tmp_path / MANIFEST).write_bytes(content)
    assert "prepare the corpus again" in broken(tmp_path)


def test_a_truncated_manifest(tmp_path):
    path = write_manifest(tmp_path, [FULL, BARE])
    path.write_bytes(path.read_bytes()[:-100])
    assert "prepare the corpus again" in broken(tmp_path)


@pytest.mark.parametrize("table", [{"name": ["x"], "value": [1]}, {"id": [1], "text": [[2]]}, {"id": ["a"], "audio": ["a.wav"]}])
def test_a_manifest_of_somebody_else(tmp_path, table):
    pq.write_table(pa.table(table), tmp_path / MANIFEST)
    assert "prepare the corpus again" in broken(tmp_path)
