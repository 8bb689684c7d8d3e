"""The administrators' pages: people, groups, connected sub-accounts."""

from conversations_ui.admin import people, sub_accounts

__all__ = ["people", "sub_accounts"]
