"""What stands out in a table: trends, outliers, correlations, seasons, by their evidence."""
