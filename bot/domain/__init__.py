"""Values and words: standard library only, no input and no output."""
