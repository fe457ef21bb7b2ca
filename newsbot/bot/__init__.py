"""The bot that people talk to: who may ask what, and what is answered.

`desk.py` lets in and keeps count, `rights.py` says who may what, `talk.py` is one
conversation's turn, and the other modules are the commands: `settings`, `reading`,
`managing`, `feedback`.
"""
