"""The reference of every setting and every CSV column, written from the code."""
