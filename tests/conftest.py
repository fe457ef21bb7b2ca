"""What holds for all tests: the table of cases ends a run that has some."""

pytest_plugins = ["case_table"]
