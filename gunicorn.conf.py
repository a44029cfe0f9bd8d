"""How gunicorn serves the web part; arguments of its command come first."""

wsgi_app = "project.asgi"
worker_class = "asgi"
workers = 2
control_socket_disable = True
