"""The seed's objective tables for its eight systems, on films that no generator learnt from."""
