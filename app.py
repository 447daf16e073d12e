"""Opens the demo in the browser's reach: http://127.0.0.1:7860, or where GRADIO_SERVER_NAME and GRADIO_SERVER_PORT say."""

import sys

if __name__ == "__main__":
    try:
        import feim
        from feim.demo.page import build_page, launch

        launch(build_page(feim.load()))
    except (ValueError, OSError) as error:  # a checkpoint is missing or damaged, a port is none or taken
        print("feim:", *str(error).split(), file=sys.stderr)  # one line, whatever the error holds
        sys.exit(2)
