"""Where Selfbill runs: a local cloud, and the packages that deploy."""
