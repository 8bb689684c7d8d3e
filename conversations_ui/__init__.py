"""A read-only web dashboard for browsing HighLevel conversations."""

__version__ = "0.1.0"
