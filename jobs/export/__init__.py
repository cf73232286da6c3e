"""The description of the export."""
