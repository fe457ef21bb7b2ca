"""Doors: all input and output."""
