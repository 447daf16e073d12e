"""One file per system. Here: which weights the repository ships, where they lie, and what class each is of; loads nothing itself."""

import importlib
from pathlib import Path

CHECKPOINTS = Path(__file__).parents[2] / "assets" / "checkpoints"
MODELS = {  # weights → the module and class that they belong to
    "tts": ("feim.models.tts", "FEIMTTS"),
    "vocoder": ("feim.models.vocoder", "SourceFilterVocoder"),
    "face-network": ("feim.models.embeddings", "FaceNetwork"),
    "voice-network": ("feim.models.embeddings", "VoiceNetwork"),
    "speaker-judge": ("feim.models.embeddings", "VoiceNetwork"),
    "emotion-judge": ("feim.models.emotion_recognition", "EmotionRecogniser"),
    "emotion-recogniser": ("feim.models.voice_emotion", "VoiceEmotion"),
    "acted-emotion-judge": ("feim.models.voice_emotion", "VoiceEmotion"),
    "tts-pl": ("feim.models.tts", "FEIMTTS"),
    "landmarks": ("feim.models.landmarks", "LandmarkNetwork"),
    "portrait": ("feim.models.portrait", "FaceBasis"),
    "expression-judge": ("feim.models.expression_judge", "ExpressionJudge"),
    "super-resolution": ("feim.models.super_resolution", "CompactNetwork"),
    "lip-motion": ("feim.models.lip_motion", "LipMotion"),
    "lip-sync": ("feim.models.lip_sync", "LipSync"),
    "voice-intensity": ("feim.models.intensity", "VoiceIntensity"),
    "emotion-space": ("feim.models.emotion_space", "EmotionSpace"),
    "talking-face": ("feim.models.talking_face", "TalkingFace"),
    "text-emotion": ("feim.models.text_emotion", "TextEmotion"),
    "motion": ("feim.models.motion", "MotionDiffusion"),
}


def model_class(name: str) -> type:
    """The nn.Module that the weights `name` belong to. Raises KeyError for unknown weights, ImportError without torch."""
    module, of_name = MODELS[name]
    return getattr(importlib.import_module(module), of_name)
