"""Archives: files, folders and services that hold the news of years.

Each module is a door: it reads one kind of archive as a stream of documents, extracts
nothing to disk, follows no link out of it and counts what is damaged.
"""
