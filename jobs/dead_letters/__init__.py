"""Messages that gave up: finding them, showing them, sending them round again."""
