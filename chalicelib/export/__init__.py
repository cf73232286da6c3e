"""The Parquet that analysts query: its contract, the queries behind it, its writing."""
