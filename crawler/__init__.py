"""Collects user profiles and video pages from video sites, as one polite fleet."""

__version__ = "0.1.0"
