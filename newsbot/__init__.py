"""newsbot: every new AI-cloud partnership, once, with its quotes."""

__version__ = "0.2.0"
