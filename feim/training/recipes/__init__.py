"""One recipe per model: `run(order)` trains it, saves weights and card, and returns the model.

A recipe refuses what it would ignore. Under several processes the first alone computes caches and writes files.
"""

RECIPES = {
    "tts": "feim.training.recipes.tts",
    "prosody": "feim.training.recipes.prosody",
    "shrink": "feim.training.recipes.shrink",
    "vocoder": "feim.training.recipes.vocoder",
    "embeddings": "feim.training.recipes.embeddings",
    "speaker-judge": "feim.training.recipes.speaker_judge",
    "emotion-judge": "feim.training.recipes.emotion_judge",
    "emotion-recogniser": "feim.training.recipes.emotion_recogniser",
    "landmarks": "feim.training.recipes.landmarks",
    "expression-judge": "feim.training.recipes.expression_judge",
    "portrait": "feim.training.recipes.portrait",
    "lip-motion": "feim.training.recipes.lip_motion",
    "lip-sync": "feim.training.recipes.lip_sync",
    "super-resolution": "feim.training.recipes.super_resolution",
    "talking-face": "feim.training.recipes.talking_face",
    "text-emotion": "feim.training.recipes.text_emotion",
    "motion": "feim.training.recipes.motion",
}
NEEDS = {"landmarks": "faces", "super-resolution": "faces", "portrait": "heads", "expression-judge": "heads"}  # in place of a corpus
NEEDS_NOTHING = ("motion",)  # makes its own films
