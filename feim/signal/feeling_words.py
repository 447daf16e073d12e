"""Words that say how strongly somebody feels, what they feel, or that they do not: English, for the rules of feim.thinking."""

# What follows is stronger or weaker: by how much γ is multiplied.
STRONGER = {"so": 1.3, "really": 1.3, "very": 1.3, "totally": 1.4, "absolutely": 1.5, "completely": 1.4, "extremely": 1.6,
            "incredibly": 1.6, "terribly": 1.4, "ever": 1.2, "never": 1.2, "always": 1.1, "too": 1.2, "such": 1.2}  # fmt: skip
WEAKER = {"slightly": 0.6, "somewhat": 0.7, "rather": 0.8, "quite": 0.9, "bit": 0.6, "little": 0.7, "kinda": 0.7, "barely": 0.5,
          "perhaps": 0.8, "maybe": 0.8}  # fmt: skip

# What follows is turned round, as in "not happy"; and every word in -n't.
TURNING = ("not", "no", "never", "without", "hardly", "cannot", "nothing", "nobody")

# Words that name a feeling, or hardly go without it.
FEELINGS = {
    "happy": "happy glad joy joyful delighted wonderful lovely love loved great fantastic excited proud laugh congratulations thrilled",
    "sad": "sad unhappy miss missed lonely sorry cry cried crying grief mourn died dead lost tears heartbroken alone depressed",
    "angry": "angry furious mad rage hate hated annoyed annoying outrageous unfair stupid idiot betrayed damn",
    "fearful": "afraid scared fear terrified frightened worried nervous panic danger dangerous horror help",
    "disgusted": "disgusting disgusted disgust gross ew eww yuck revolting rotten filthy nasty vomit sick",
    "surprised": "surprised surprise wow unbelievable unexpected amazed astonished suddenly shocked shock",
}
NAMES = {word: label for label, words in FEELINGS.items() for word in words.split()}

# Words that carry no stress of their own.
_FUNCTION_WORDS = """
    a an the and or but if so as at by for from in into of off on to up with is am are was were be been do does did have has had i you
    he she it we they me him her us them my your his its our their this that these those there here what who how why when where will
    would can could shall should may might must not no yes oh well just than then too very really it's i'm you're don't that's
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
