"""Measuring the line on gold articles: `newsbot evaluate`."""
