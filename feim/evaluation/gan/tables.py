"""The seed's tables of objective measures, its figures and ours side by side (Avaneesh et al., tables 2 to 4)."""

from dataclasses import dataclass

from feim.evaluation.report import Row

SYSTEMS = {  # our name → the paper's
    "base": "Base",
    "base-bsrgan": "Base + BSRGAN",
    "se": "Base + Squeeze & Excitation (SE)",
    "se-bsrgan": "Base + SE + BSRGAN",
    "em": "Base + Eye Mask (EM)",
    "em-bsrgan": "Base + EM + BSRGAN",
    "se-em": "Base + SE + EM",
    "se-em-bsrgan": "Base + SE + EM + BSRGAN",
}
PAPER = {  # of those systems that the paper's tables 2, 3 and 4 have: FID, pixels a side, kbit a second (it gives no unit)
    "base": (0.001080, 128, 107.50),
    "se": (0.000874, 128, 115.00),
    "em": (0.000753, 128, 113.33),
    "se-em-bsrgan": (0.000142, 512, 3337.83),
}
COLUMNS = {  # measured → how it is headed and printed
    "fid": ("FID ↓", ".6f"),
    "resolution": ("pixels", ".0f"),
    "bitrate": ("kbit/s", ".0f"),
    "mouth": ("mouth ↓", ".2f"),
    "eyes": ("eyes ↓", ".2f"),
    "psnr": ("PSNR ↑", ".2f"),
    "ssim": ("SSIM ↑", ".3f"),
    "sharpness": ("sharpness", ".1f"),
    "expression": ("expression ↑", ".2f"),
    "in_sync": ("in sync ↑", ".2f"),
    "confidence": ("confidence ↑", ".2f"),
}


@dataclass(frozen=True)
class Claim:
    """What the seed says that a part improves: `measure` of the system with it, less that of the one without."""

    part: str
    with_it: str
    without: str
    measure: str
    better: int  # +1 if more is better, −1 if less


CLAIMS = (
    Claim("squeeze-and-excitation", "se", "base", "fid", -1),
    Claim("squeeze-and-excitation", "se", "base", "mouth", -1),
    Claim("the eye mask", "em", "base", "fid", -1),
    Claim("the eye mask", "em", "base", "eyes", -1),
    Claim("super-resolution", "base-bsrgan", "base", "fid", -1),
    Claim("super-resolution", "base-bsrgan", "base", "sharpness", 1),
    Claim("super-resolution", "se-em-bsrgan", "se-em", "sharpness", 1),
    Claim("all three", "se-em-bsrgan", "base", "fid", -1),
)


def claims(found: dict[str, dict[str, float]]) -> list[Row]:
    """A row for each claim whose two systems were measured; the bar is that it holds."""
    rows = []
    for claim in CLAIMS:
        if claim.with_it in found and claim.without in found:
            after, before = found[claim.with_it][claim.measure], found[claim.without][claim.measure]
            heading, digits = COLUMNS[claim.measure]
            note = f"{claim.without} {before:{digits}}, {claim.with_it} {after:{digits}}"
            if claim.measure in ("fid",) and claim.without in PAPER and claim.with_it in PAPER:
                note += f"; the paper: {PAPER[claim.without][0]:g} and {PAPER[claim.with_it][0]:g}"
            what = f"{heading.rstrip(' ↑↓')} with {claim.part}, less without ({claim.with_it})"
            rows.append(Row(what, after - before, 0.0, at_most=claim.better < 0, digits=6 if claim.measure == "fid" else 3, note=note))
    return rows


def table(found: dict[str, dict[str, float]]) -> str:
    """Markdown: every system that was measured, and what the paper says of it."""
    headings = [heading for heading, _ in COLUMNS.values()]
    lines = [
        "| system | " + " | ".join(headings) + " | the paper's FID | its bitrate |",
        "|" + "---|" * (len(headings) + 3),
    ]
    for name, title in SYSTEMS.items():
        if name in found:
            cells = [format(found[name][key], digits) for key, (_, digits) in COLUMNS.items()]
            fid, _, bitrate = PAPER.get(name, (None, None, None))
            cells += ["–" if fid is None else f"{fid:g}", "–" if bitrate is None else f"{bitrate:g}"]
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"
