"""FEIM gives a face a voice with feeling: a portrait, a text, an emotion and an intensity become speech.

studio = feim.load()
speech = studio.speak("Hello.", face="me.jpg", emotion="happy", intensity=1.0)
speech.save("hello.wav")
"""

from feim.studio import Speech, Studio, load

__version__ = "0.1.0"
__all__ = ["Speech", "Studio", "load"]
