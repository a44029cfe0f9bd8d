"""The four services: forms, uploads and charts."""
