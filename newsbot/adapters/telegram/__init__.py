"""Telegram: alerts to chats.

`channel.py` talks, `text.py` fits the text, `keyboard.py` has the buttons,
`refusals.py` says what an error means.
"""
