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
    "voice-intensity": "feim.training.recipes.voice_intensity",
    "emotion-space": "feim.training.recipes.emotion_space",
    "super-resolution": "feim.training.recipes.super_resolution",
    "talking-face": "feim.training.recipes.talking_face",
    "text-emotion": "feim.training.recipes.text_emotion",
    "motion": "feim.training.recipes.motion",
}
NEEDS = {  # in place of a corpus
    "landmarks": "faces",
    "super-resolution": "faces",
    "portrait": "heads",
    "expression-judge": "heads",
    "emotion-space": "heads",
}
NEEDS_NOTHING = ("motion",)  # makes its own films
