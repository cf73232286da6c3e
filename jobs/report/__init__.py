"""The month's report, for a terminal, a browser and a program."""
