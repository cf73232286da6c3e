"""The command line: text in, exit codes out."""
