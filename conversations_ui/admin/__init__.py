"""The administrators' pages: people, groups, connected sub-accounts."""

from conversations_ui.admin import people, reading, sub_accounts

__all__ = ["people", "reading", "sub_accounts"]
