"""The HTTP edge of the service: keys, scopes, limits, problems, health. Domain routes live with their domain (`transactional/<domain>/api.py`)."""
