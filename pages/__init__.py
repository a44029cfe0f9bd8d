"""The pages that people look at: a door like the API, over the same functions.

It knows the runtime, the games and the services; none of them knows it.
"""
