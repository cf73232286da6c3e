"""``python -m jobs``: the command line."""

import signal

# Until `main` takes over: in the midst of an import, Ctrl-C would show a traceback.
signal.signal(signal.SIGINT, signal.SIG_DFL)

from .cli.main import main  # noqa: E402 -- only now

main()
