"""Which language a command speaks, by the program that it starts."""

from __future__ import annotations

import re

_PROGRAMS = {
    "python": r"python[\d.]*|gunicorn|uvicorn|hypercorn|daphne|waitress-serve|flask|celery|uwsgi|granian|streamlit|"
    r"fastapi|litestar|sanic|chainlit|poetry|pipenv|uv|rq|huey_consumer|dramatiq|django-admin|pserve|gradio|panel|"
    r"mkdocs|locust|manage\.py",
    "node": r"node|npm|npx|yarn|pnpm|next|nest|ts-node|tsx|bun|bunx|pm2|pm2-runtime|nuxt|strapi|react-router-serve|"
    r"remix-serve",
    "deno": r"deno",
    "ruby": r"ruby|bundle|puma|rails|rackup|rake|unicorn|thin|sidekiq|passenger|falcon|jekyll|thrust|bin/rails|"
    r"bin/rake",
    "php": r"php|artisan|heroku-php-apache2|heroku-php-nginx|php-fpm|frankenphp|composer|apache2-foreground",
    "java": r"java|mvn|mvnw|gradle|gradlew|sbt|kotlin|catalina\.sh",
    "clojure": r"lein|clj|clojure",
    "dotnet": r"dotnet",
    "elixir": r"mix|elixir|iex",
    "gleam": r"gleam",
    "rust": r"cargo",
    "go": r"go",
}
_PATTERNS = {language: re.compile(rf"(?:^|[\s/;&|])(?:{names})(?:\s|$)") for language, names in _PROGRAMS.items()}
_IMAGES = {
    "python": r"python|pypy|tiangolo/uvicorn.*|tiangolo/meinheld.*",
    "node": r"node|bun|oven/bun",
    "deno": r"deno|denoland/deno",
    "go": r"golang",
    "ruby": r"ruby|jruby",
    "java": r"openjdk|eclipse-temurin|amazoncorretto|maven|gradle|ibm-semeru-runtimes|sapmachine|tomcat|jetty",
    "clojure": r"clojure",
    "php": r"php|dunglas/frankenphp|wordpress|composer",
    "rust": r"rust|clux/muslrust",
    "dotnet": r"dotnet/(?:aspnet|sdk|runtime|runtime-deps)",
    "elixir": r"elixir|hexpm/elixir|bitwalker/alpine-elixir.*",
    "gleam": r"gleam-lang/gleam",
}


_IMAGE_PORTS = {
    r"httpd|nginx|wordpress|drupal|joomla|caddy|phpmyadmin": 80,
    r"tiangolo/(?:uvicorn|meinheld|uwsgi)[\w-]*": 80,
    r"tomcat|jetty|payara/\w+|quay\.io/wildfly/wildfly": 8080,
    r"webdevops/(?:php-)?(?:nginx|apache)[\w-]*|richarvey/nginx-php-fpm|openresty/openresty|unit|phusion/passenger-\w+|"
    r"lighttpd|dunglas/frankenphp|joseluisq/static-web-server": 80,
    r"nginxinc/nginx-unprivileged|bitnami/(?:nginx|apache|wordpress)|trafex/(?:alpine-nginx-php\d*|php-nginx)|"
    r"serversideup/php|(?:ubi\d+|rhel\d+|ubi)/(?:python|nodejs|php|ruby|nginx|httpd|go-toolset)[\w-]*|"
    r"halverneus/static-file-server": 8080,
    r"jekyll/jekyll": 4000,
    r"squidfunk/mkdocs-material": 8000,
}
"""What the images' own pages say that they listen on."""


def language_of(command: str) -> str | None:
    """The language whose program a command starts: of a chain, the last that any speaks."""
    for part in reversed(re.split(r"&&|;|\|\|", command)):
        if found := next((language for language, pattern in _PATTERNS.items() if pattern.search(part)), None):
            return found
    return None


def language_of_image(image: str) -> tuple[str, str | None] | None:
    """Language and version that a container image brings: `node:20-alpine` -> node, 20."""
    name, _, tag = image.partition("@")[0].partition(":")
    for language, names in _IMAGES.items():
        if re.fullmatch(rf"(?:[\w.-]+(?:\.[\w.-]+)+(?::\d+)?/)?(?:library/)?(?:{names})", name):
            version = re.match(r"v?(\d+(?:\.\d+){0,2})", tag)
            return language, version[1] if version else None
    return None


def port_of_image(image: str) -> int | None:
    """The port that an application in a container of this image listens on, unless it is told otherwise."""
    name, _, tag = image.partition("@")[0].partition(":")
    if re.search(r"(^|/)dotnet/aspnet$", name):
        version = re.match(r"(\d+)", tag)
        return 80 if version and int(version[1]) < 8 else 8080
    if re.search(r"(^|/)php$", name):
        return 80 if "apache" in tag else None
    return next((port for pattern, port in _IMAGE_PORTS.items() if re.search(rf"(^|/)(?:{pattern})$", name)), None)
