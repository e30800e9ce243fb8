"""What holds whatever the language: files that say how an application is run in production or in a container."""
