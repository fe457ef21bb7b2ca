"""A small news site of invented publishers, for `newsbot demo` and for tests.

In: thirty articles that ship with the package, and the time taken as now.
Out: RSS and Atom feeds and article pages on a loopback port.
Publishers, people and most companies are invented; nothing leaves the machine.
"""
