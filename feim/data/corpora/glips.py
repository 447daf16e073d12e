"""GLips (Schwiebert et al. 2022; research only): 500 German words in 1.16 s of the Hessian Parliament each.

Layout as published, after LRW's: lipread_files/WORT/{train,val,test}/WORT_0001-0863.mp4 with .m4a (the sound) and .txt (times)
beside it. Nothing may be passed on. The text is the word in the middle; the speaker and the emotion are not known.
"""

from pathlib import Path

from feim.data.corpora.lrw import read_words
from feim.data.corpora.publication import RESEARCH_ONLY, Publication
from feim.data.corpora.utterances import Utterance

GLIPS = Publication("glips", "GLips", RESEARCH_ONLY, "https://www.fdr.uni-hamburg.de/record/10048")


def read(source: Path) -> list[Utterance]:
    """Every clip, in the published splits. Raises: MissingCorpus."""
    return read_words(GLIPS, source, "lipread_files", "de")
