"""One recipe per model: `run(order)` trains it, saves weights and card, and returns the model."""

RECIPES = {
    "tts": "feim.training.recipes.tts",
    "vocoder": "feim.training.recipes.vocoder",
    "embeddings": "feim.training.recipes.embeddings",
    "emotion-judge": "feim.training.recipes.emotion_judge",
}
