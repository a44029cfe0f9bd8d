"""What keeps tasks from running, looked for in one go. Behind `manage.py ray_doctor`.

Nothing is imported here: the probe, a process of its own, loads before Django is set up.
"""
