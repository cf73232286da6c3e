"""Drawing pages: type, grids, marks, and what makes a file fit for an archive."""
