"""Tuning: from a labelled corpus to the heads that ship in the package."""
