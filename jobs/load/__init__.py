"""Load master data and workdays from CSV files into the database."""
