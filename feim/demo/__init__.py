"""The pages. Gradio reads GRADIO_SERVER_PORT as it is imported, and ends with a traceback if that is no port: it is checked before."""

import os

_port = os.environ.get("GRADIO_SERVER_PORT", "7860")
if not (_port.isdecimal() and 1 <= int(_port) <= 65535):
    raise ValueError(f"GRADIO_SERVER_PORT is {_port!r}; give a whole number from 1 to 65535, or leave it out")
