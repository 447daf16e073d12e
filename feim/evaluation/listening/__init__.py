"""Listening tests: a test in a folder, raters' answers beside it, and what they say about the systems."""
