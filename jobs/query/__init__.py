"""Questions to the export: DuckDB, a folder or a bucket, and the views of sql/analyst/."""
