"""Strided: placeholder."""
