"""What FEIM makes says so: a mark in every picture for people, and a label in the file for programs."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from feim.signal.ffmpeg import tags

WORDS, SHORT = "AI-generated", "AI"  # the second where the first would not fit
SMALLEST = 9  # pixels of type: smaller is not legible
LABEL = "AI-generated video (FEIM). A model moves the face in a portrait; nobody was filmed saying this."
# IPTC's word for media that a trained model made, which picture agencies and search engines look for.
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
TAGS = {"comment": LABEL, "ai_generated": "true", "digital_source_type": SOURCE_TYPE}
_XMP_BOX = bytes.fromhex("BE7ACFCB97A942E89C71999491E3AFAC")  # where XMP lies in MP4: XMP specification, part 3, storage in files


@dataclass(frozen=True)
class Label:
    """What a file says about its making. `source_type` is IPTC's URI, or None where only the comment was kept."""

    comment: str
    source_type: str | None


def draw_mark(frame: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """(H, W, 3) uint8 → the same, with the mark in its upper right corner: subtitles and controls come at the bottom.

    Args: out: where to put it, which saves the time to find memory; may be the frame itself.
    """
    top, left, ink, clear = _overlay(*frame.shape[:2])
    marked = np.empty_like(frame) if out is None else out
    marked[:] = frame
    part = marked[top : top + len(ink), left : left + ink.shape[1]]
    part[:] = (ink + clear * part + 127) // 255
    return marked


@lru_cache(maxsize=8)  # sizes of pictures; holds nothing of what is in them
def _overlay(height: int, width: int) -> tuple[int, int, np.ndarray, np.ndarray]:
    """The mark's top and left, its colour times opacity (h, w, 3) and 255 − opacity (h, w, 1), both uint16."""
    side = min(height, width)
    size = max(SMALLEST, round(side / 36))
    font = ImageFont.load_default(size)
    words = WORDS if font.getlength(WORDS) < 0.55 * width else SHORT
    x0, y0, x1, y1 = font.getbbox(words)
    pad, margin = max(2, round(size / 3)), side // 64
    w, h = round(x1 - x0) + 2 * pad, round(y1 - y0) + 2 * pad
    plate = Image.new("RGBA", (w, h))
    draw = ImageDraw.Draw(plate)
    draw.rounded_rectangle((0, 0, w - 1, h - 1), radius=pad, fill=(0, 0, 0, 150))
    ink = Image.new("L", (w, h))
    ImageDraw.Draw(ink).text((pad - x0, pad - y0), words, font=font, fill=255)
    plate = Image.composite(Image.new("RGBA", (w, h), (255, 255, 255, 235)), plate, ink)
    left = max(0, width - margin - w)
    rgba = np.asarray(plate)[: height - margin, : width - left].astype(np.uint16)
    return margin, left, rgba[:, :, :3] * rgba[:, :, 3:], 255 - rgba[:, :, 3:]


def xmp_box() -> bytes:
    """The label as an MP4 box, to be put at a file's end: IPTC's digital source type in XMP, as other programs look for it."""
    packet = (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        f'Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    ).encode()
    return (8 + len(_XMP_BOX) + len(packet)).to_bytes(4) + b"uuid" + _XMP_BOX + packet


def read_label(path: str | Path) -> Label | None:
    """Whether a film or sound says that it is AI-generated, in FEIM's words. Raises: Undecodable."""
    found = tags(Path(path))
    comment = found.get("comment", "")
    if found.get("ai_generated") != "true" and not comment.startswith("AI-generated"):
        return None
    return Label(comment, found.get("digital_source_type"))
