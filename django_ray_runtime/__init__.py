"""A django.tasks backend over a database queue whose workers run tasks on Ray."""
