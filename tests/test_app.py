"""`python app.py` as a person starts it: the page answers, and what is missing is said in one line."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[1]


def test_the_page_answers_at_the_port_that_was_asked_for(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (tmp_path / "said").open("w+") as said:
        app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=os.environ | {"GRADIO_SERVER_PORT": str(port)}, stderr=said)
        try:
            page = wait_for_page(app, f"http://127.0.0.1:{port}/")
        finally:
            app.terminate()
            app.wait(timeout=30)
        said.seek(0)
        assert "Traceback" not in said.read()
    assert "FEIM" in page
    with pytest.raises(URLError):
        urlopen(f"http://127.0.0.1:{port}/", timeout=5)


def wait_for_page(app: subprocess.Popen, address: str) -> str:
    for _ in range(1200):
        try:
            with urlopen(address, timeout=30) as page:
                return page.read().decode()
        except URLError:
            assert app.poll() is None, "app.py ended"
            time.sleep(0.1)
    raise AssertionError("app.py gave no page")


def test_without_weights_it_says_so_in_one_line(tmp_path):
    shutil.copy(ROOT / "app.py", tmp_path)
    (tmp_path / "feim").symlink_to(ROOT / "feim")
    done = subprocess.run([sys.executable, "app.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2
    [line] = done.stderr.splitlines()
    assert line.startswith("feim: ")
    assert "tts.json is missing; restore it" in line


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", ""])
def test_a_port_that_is_none_is_said_in_one_line(port):
    environment = os.environ | {"GRADIO_SERVER_PORT": port}
    done = subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == f"feim: GRADIO_SERVER_PORT is {port!r}; give a whole number from 1 to 65535, or leave it out\n"
