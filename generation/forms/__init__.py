"""What people fill in about games; the admin and the pages show the same forms."""
