"""A guestbook: plain WSGI and PostgreSQL."""
