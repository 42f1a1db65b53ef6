"""The memory: the one package that speaks SQL; store.py commits, the drawers only read and write."""
