"""A server that answers like the HighLevel API from made-up data, for tests and demonstrations."""

from conversations_ui.sandbox.script import Answer
from conversations_ui.sandbox.server import Sandbox, Seen

__all__ = ["Answer", "Sandbox", "Seen"]
