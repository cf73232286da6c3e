"""Dead letters, the messages that failed for good: finding, showing and retrying them."""
