"""All lessons run from top to bottom, in a short version."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LESSONS = (
    "01_sound_and_faces", "02_feim_tts", "03_intensity_and_guidance", "04_real_corpora", "05_talking_face_gan", "06_super_resolution",
    "07_any_photo", "08_frame_wise_intensity", "09_think_before_draw",
)  # fmt: skip


@pytest.mark.parametrize("name", LESSONS)
def test_the_lesson_runs(name, monkeypatch):
    monkeypatch.setenv("FEIM_QUICK", "1")
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(NOTEBOOKS)}})
    client.widget_registry.clear()  # or it writes to the socket on which it waits, for sliders' outputs, and may then wait for ever
    client.execute()
    pictures = [o for cell in notebook.cells for o in cell.get("outputs", []) if "application/vnd.plotly.v1+json" in o.get("data", {})]
    sounds = [o for cell in notebook.cells for o in cell.get("outputs", []) if "<audio" in o.get("data", {}).get("text/html", "")]
    assert len(pictures) >= 8
    assert len(sounds) >= 3


@pytest.mark.parametrize("name", LESSONS)
def test_the_lesson_is_committed_without_outputs_and_in_small_cells(name):
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert len(cell.source.splitlines()) <= 12
