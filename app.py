"""Opens the demo in the browser's reach: http://127.0.0.1:7860, or where GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say."""

import sys

import feim
from feim.demo.page import build_page, launch

if __name__ == "__main__":
    try:
        studio = feim.load()
    except ValueError as error:  # a checkpoint is missing or damaged
        sys.exit(f"{error}")
    launch(build_page(studio))
