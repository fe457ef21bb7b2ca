"""The status page: the ledger on a site of its own, read-only."""
