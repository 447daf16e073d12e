"""The demo as a visitor meets it: how soon `python app.py` answers, and how much memory it holds once it has spoken."""

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).parents[2]
PATIENCE = 120  # s


class AppFailed(OSError):
    """The demo ended, or never answered."""


@dataclass(frozen=True)
class Visit:
    """Seconds from the start of the process to the first page; the process's peak resident memory."""

    ready: float
    gibibytes: float


def measure() -> Visit:
    """Start app.py on a free port, wait for the page, speak once, stop it. Raises: AppFailed."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
    with TemporaryFile("w+") as output:
        start = time.monotonic()
        process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=output, stderr=output)
        try:
            _wait(process, port)
            ready = time.monotonic() - start
            _speak(port)
            return Visit(ready, _peak_memory(process.pid) / 2**30)
        except AppFailed as error:
            output.seek(0)
            raise AppFailed(f"{error}; it printed: {output.read()[-400:].strip()}") from error
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(process: subprocess.Popen, port: int) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise AppFailed(f"app.py ended with status {process.returncode}")
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                page.read()
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise AppFailed(f"app.py gave no page in {PATIENCE} s")


def _speak(port: int) -> None:
    from gradio_client import Client

    Client(f"http://127.0.0.1:{port}/", verbose=False).predict("The train leaves at noon.", None, "happy", 5, 0, api_name="/speak")


def _peak_memory(pid: int) -> float:
    """Bytes, from Linux's /proc; nan on other systems."""
    status = Path(f"/proc/{pid}/status")
    if not status.is_file():
        return float("nan")
    kilobytes = next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return 1024.0 * int(kilobytes)
