"""The heart: what trading means, how mStock speaks, and what we do about both."""

__version__ = "0.1.0"
