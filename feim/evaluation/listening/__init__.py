"""Listening tests, of sounds or of films: a test in a folder, raters' answers beside it, and what they say about the systems."""
