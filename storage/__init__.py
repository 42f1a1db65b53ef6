"""The one package that speaks SQL: store.py commits, the repositories only read and write."""
