"""What routers of reusable apps share, whichever project mounts them.

`problems.Problem` is the one error, `pages.paginate` the one way to cut a list, `access.staff_only`
the check of who calls, `audit.audit` the report of what was changed. Who may call at all is the
project's affair: it mounts the routers and authenticates.
"""
