"""Master data and workdays from CSV files into the database."""
