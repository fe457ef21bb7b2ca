"""Telegram: send alerts to chats. `channel.py` talks, `text.py` fits the text."""
