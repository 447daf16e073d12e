"""Emotion that lives in time: pseudo-labels of faces, what is heard in voices, films that follow them, mixtures."""
