"""IEMOCAP (Busso et al. 2008; by agreement with USC, research only): ten American actors in dialogues, with raters' emotions.

Layout as published: SessionN/sentences/wav/DIALOGUE/UTTERANCE.wav, and in SessionN/dialog/ the labels EmoEvaluation/DIALOGUE.txt
("[6.2901 - 8.2357]<tab>Ses01F_impro01_F000<tab>neu<tab>…"), the texts transcriptions/DIALOGUE.txt and the films
avi/DivX/DIALOGUE.avi. A film shows both actors: on the left the one that the dialogue is named after. Nothing may be passed on.
"""

import re
from pathlib import Path

from feim.data.clip import Clip
from feim.data.corpora.excerpts import Excerpt
from feim.data.corpora.publication import RESEARCH_ONLY, Publication
from feim.data.corpora.utterances import Utterance
from feim.signal.emotion import parse_label

IEMOCAP = Publication("iemocap", "IEMOCAP_full_release", RESEARCH_ONLY, "https://sail.usc.edu/iemocap")
SESSIONS = range(1, 6)
FOR_TESTS = 5  # the session whose two actors are kept, as most papers do
GENDERS = {"F": "female", "M": "male"}
LEFT, RIGHT = "iw/2:ih:0:0", "iw/2:ih:iw/2:0"
NO_AGREEMENT = ("xxx", "oth")  # raters disagreed, or agreed on none of the named emotions
LABEL = re.compile(r"^\[(?P<start>[\d.]+) - (?P<end>[\d.]+)\]\t(?P<name>Ses\w+)\t(?P<emotion>\w+)\t", re.MULTILINE)
TEXT = re.compile(r"^(?P<name>Ses\w+) \[[\d.-]+\]: ?(?P<text>.*)$", re.MULTILINE)


def read(source: Path) -> list[Utterance]:
    """Every rated utterance; the fifth session is "test". Where raters agreed on no emotion it is None; intensity is not rated.

    Raises: MissingCorpus.
    """
    folders = ("sentences/wav", "dialog/EmoEvaluation", "dialog/transcriptions")
    root = IEMOCAP.root(source, *(f"Session{session}/{folder}" for session in SESSIONS for folder in folders))
    return [
        utterance
        for session in SESSIONS
        for labels in sorted((root / f"Session{session}" / "dialog" / "EmoEvaluation").glob("Ses*.txt"))
        for utterance in _dialogue(root / f"Session{session}", labels)
    ]


def _dialogue(session: Path, labels: Path) -> list[Utterance]:
    dialogue = labels.stem
    transcript = session / "dialog" / "transcriptions" / labels.name
    if not transcript.is_file():
        raise IEMOCAP.missing(f"there is no {transcript}")
    texts = {line["name"]: line["text"] for line in TEXT.finditer(transcript.read_text(encoding="latin-1"))}
    film = session / "dialog" / "avi" / "DivX" / f"{dialogue}.avi"
    utterances = []
    for line in LABEL.finditer(labels.read_text(encoding="latin-1")):
        name, letter = line["name"], line["name"].rpartition("_")[2][0]  # F or M: who of the two speaks
        clip = Clip(
            id=name, corpus=IEMOCAP.name, speaker=dialogue[:5] + letter, language="en-us", licence=IEMOCAP.licence,
            text=re.sub(r"\s*\[[A-Z]+\]\s*", " ", texts.get(name, "")).strip(),  # [LAUGHTER], [BREATHING]
            split="test" if int(dialogue[3:5]) == FOR_TESTS else "train", gender=GENDERS[letter],
            emotion=None if line["emotion"] in NO_AGREEMENT else parse_label(line["emotion"]),
        )  # fmt: skip
        half = LEFT if letter == dialogue[5] else RIGHT
        video = Excerpt(film, float(line["start"]), float(line["end"]), half)
        utterances.append(Utterance(clip, Excerpt(session / "sentences" / "wav" / dialogue / f"{name}.wav"), video))
    return utterances
