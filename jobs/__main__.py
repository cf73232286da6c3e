"""``python -m jobs``: the command line."""

from .cli.main import main

main()
