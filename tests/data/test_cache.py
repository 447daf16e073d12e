"""What is kept beside a corpus is whole."""

import numpy as np
import pytest

from feim.data import cache
from feim.data.cache import save_whole, size_of


def test_a_write_that_fails_leaves_no_half_file(tmp_path, monkeypatch):
    """Another process may be reading: what is there stays whole until the new file is."""
    save_whole(tmp_path / "mel.npy", np.arange(4))

    def save(path, array):
        path.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(cache.np, "save", save)
    with pytest.raises(OSError, match="no space"):
        save_whole(tmp_path / "mel.npy", np.arange(5))
    assert np.load(tmp_path / "mel.npy").tolist() == [0, 1, 2, 3]
    assert [path.name for path in tmp_path.iterdir()] == ["mel.npy"]


def test_sizes_of_files_and_of_none(tmp_path):
    (tmp_path / "there").write_bytes(b"four")
    assert [size_of(tmp_path / name) for name in ("there", "not there")] == [4, 0]
