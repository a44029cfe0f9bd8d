"""What changes while somebody looks at it: one look at the database for all who watch."""
