"""Opens the demo in the browser's reach: http://127.0.0.1:7860, or where GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say."""

import os
import sys


def main() -> None:
    """Serve until stopped. Raises: ValueError, OSError when a checkpoint is missing or damaged, or no port is free."""
    port = os.environ.get("GRADIO_SERVER_PORT", "7860")
    if not (port.isdecimal() and 1 <= int(port) <= 65535):
        raise ValueError(f"GRADIO_SERVER_PORT is {port!r}; give a whole number from 1 to 65535, or leave it out")
    import feim
    from feim.demo.page import build_page, launch  # Gradio reads the port as it is imported

    launch(build_page(feim.load()))


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        print("feim:", *str(error).split(), file=sys.stderr)  # one line, whatever the error holds
        sys.exit(2)
