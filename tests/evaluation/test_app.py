"""The demo is timed from outside, and says why when it does not start."""

import pytest

from feim.evaluation import app

SERVER = """
import http.server, os
held = bytearray(64 * 2**20)
http.server.HTTPServer(("127.0.0.1", int(os.environ["GRADIO_SERVER_PORT"])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def test_a_page_is_waited_for_and_its_memory_read(tmp_path, monkeypatch):
    (tmp_path / "app.py").write_text(SERVER)
    visited = []
    monkeypatch.setattr(app, "ROOT", tmp_path)
    monkeypatch.setattr(app, "_speak", visited.append)
    found = app.measure()
    assert visited
    assert found.ready > 0
    assert found.gibibytes > 64 / 1024


def test_an_app_that_ends_is_quoted(tmp_path, monkeypatch):
    (tmp_path / "app.py").write_text("raise SystemExit('the weights are missing')")
    monkeypatch.setattr(app, "ROOT", tmp_path)
    with pytest.raises(app.AppFailed, match="the weights are missing"):
        app.measure()
