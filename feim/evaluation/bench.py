"""How fast it speaks: `python -m feim bench speak`, every stage of short, 5 s and 15 s speech, beside the paper's U-Net decoder."""

import resource
import statistics
import sys
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from feim.models.tts import FEIMTTS, Sampling

if TYPE_CHECKING:
    from feim.studio import Studio

TEXTS = {  # name → about so many seconds
    "short": "The train leaves at noon.",
    "5 s": "We have been waiting for an hour, and the train to the coast leaves at noon, with or without us.",
    "15 s": "My brother sold his boat last summer, and since then he walks down to the river every evening. He sits on a flat stone. "
    "He watches the children who play in the shallow water, and when the sun is gone, he comes home and says that nothing is missing.",
}
EMOTION, INTENSITY = "happy", 5.0  # guidance is on: two score evaluations a step
PAPER = Sampling(steps=10, solver="euler", growth=None, interval=(0.0, 1.0))  # Face-TTS, FEIM-TTS
PAPER_CHANNELS = 64
STAGES = ("text", "acoustic", "vocoder", "total")


@dataclass(frozen=True)
class Pace:
    """Seconds that each stage took for `audio` seconds of sound: the median of several runs."""

    audio: float
    seconds: dict[str, float]

    def rtf(self, stage: str = "total") -> float:
        """Real-time factor: seconds of work for a second of sound."""
        return self.seconds[stage] / self.audio


def measure_pace(studio: "Studio", text: str, repeats: int = 3) -> Pace:
    """Time studio.speak with the default voice and guidance on, once it is warm."""
    studio.speak(TEXTS["short"], None, EMOTION, INTENSITY)
    runs = [studio.speak(text, None, EMOTION, INTENSITY).timings for _ in range(repeats)]
    return Pace(runs[0]["audio"], {stage: statistics.median(run[stage] for run in runs) for stage in STAGES})


def with_paper_decoder(studio: "Studio") -> "Studio":
    """The same studio with the paper's 2-D U-Net and 10 Euler steps.

    The U-Net's weights are not trained: it is exactly as slow as a trained one, and all before it, durations included, is the same.
    """
    twin = FEIMTTS(replace(studio.tts.config, decoder="unet", decoder_channels=PAPER_CHANNELS)).eval()
    shared = {name: value for name, value in studio.tts.state_dict().items() if not name.startswith("score.")}
    twin.load_state_dict(shared, strict=False)
    return replace(studio, tts=twin.to(studio.tts.symbol.weight.device), sampling=PAPER)


def bench_speak(studio: "Studio", show: bool = True) -> dict:
    """Time every text with the default decoder and the 5 s one with the paper's, in one process.

    Returns: per text seconds of sound and real-time factors by stage; how often faster than the paper's decoder; peak memory in GiB.
    """
    paces = {name: measure_pace(studio, text) for name, text in TEXTS.items()}
    paper = measure_pace(with_paper_decoder(studio), TEXTS["5 s"], repeats=1)
    found = {
        "threads": torch.get_num_threads(),
        "texts": {name: _figures(pace) for name, pace in paces.items()},
        "paper's decoder, 5 s": _figures(paper),
        "times faster": {stage: round(paper.rtf(stage) / paces["5 s"].rtf(stage), 1) for stage in ("acoustic", "total")},
        "peak memory, GiB": round(peak_memory() / 2**30, 2),
    }
    if show:
        print(table(found))
    return found


def _figures(pace: Pace) -> dict[str, float]:
    return {"audio": round(pace.audio, 2)} | {stage: round(pace.rtf(stage), 4) for stage in STAGES}


def table(found: dict) -> str:
    """Real-time factors by stage, for people."""
    lines = [f"{'real-time factor':24}{'sound, s':>10}" + "".join(f"{stage:>10}" for stage in STAGES)]
    for name, row in [*found["texts"].items(), ("5 s, U-Net, 10 Euler", found["paper's decoder, 5 s"])]:
        lines.append(f"{name:24}{row['audio']:10.1f}" + "".join(f"{row[stage]:10.3f}" for stage in STAGES))
    faster = found["times faster"]
    lines.append(f"{faster['total']:.1f} times faster than the paper's decoder (its acoustic stage alone: {faster['acoustic']:.1f} times)")
    lines.append(f"{found['threads']} threads, peak memory {found['peak memory, GiB']:.2f} GiB")
    return "\n".join(lines)


def peak_memory() -> int:
    """Most bytes that this process ever held; macOS counts in bytes, Linux in KiB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else 1024 * most
