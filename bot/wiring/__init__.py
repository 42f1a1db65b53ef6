"""Builds every use case, in order: `use_cases.py` puts together what the areas beside it build."""
