"""The experiments of the FEIM-TTS paper that need no human rater, one file each; suite.py runs them, page.py shows them."""
