"""One recipe per model: `run(order)` trains it, saves weights and card, and returns the model.

A recipe refuses what it would ignore. Under several processes the first alone computes caches and writes files.
"""

RECIPES = {
    "tts": "feim.training.recipes.tts",
    "prosody": "feim.training.recipes.prosody",
    "vocoder": "feim.training.recipes.vocoder",
    "embeddings": "feim.training.recipes.embeddings",
    "speaker-judge": "feim.training.recipes.speaker_judge",
    "emotion-judge": "feim.training.recipes.emotion_judge",
    "emotion-recogniser": "feim.training.recipes.emotion_recogniser",
}
