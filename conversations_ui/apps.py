"""The Django app around the whole product: commands, template tags, the administrators' site."""

from django.apps import AppConfig


class ConversationsConfig(AppConfig):
    name = "conversations_ui"
