"""Frameworks of Python by the distribution that brings them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Framework:
    """name: as users write it. port: that it listens on unless told otherwise. start: its own command, with `{file}`
    for the script it is given; None where a WSGI or ASGI server runs it."""

    name: str
    port: int = 8000
    start: str | None = None


_PORT = "--host 0.0.0.0 --port $PORT"

FRAMEWORKS: Mapping[str, Framework] = {
    "django": Framework("django"),
    "wagtail": Framework("django"),
    "flask": Framework("flask", 5000),
    "fastapi": Framework("fastapi"),
    "apiflask": Framework("flask", 5000),
    "connexion": Framework("connexion", 8080),
    "litestar": Framework("litestar"),
    "quart": Framework("quart", 5000),
    "sanic": Framework("sanic"),
    "falcon": Framework("falcon"),
    "pyramid": Framework("pyramid", 6543),
    "blacksheep": Framework("blacksheep"),
    "masonite": Framework("masonite"),
    "robyn": Framework("robyn", 8080),
    "python-fasthtml": Framework("python-fasthtml", 5001),
    "streamlit": Framework("streamlit", 8501, "streamlit run {file} --server.port $PORT --server.address 0.0.0.0 "
                           "--server.headless true"),
    "gradio": Framework("gradio", 7860),
    "chainlit": Framework("chainlit", 8000, f"chainlit run {{file}} {_PORT}"),
    "mesop": Framework("mesop", 32123, "mesop {file} --port $PORT"),
    "panel": Framework("panel", 5006, "panel serve {file} --address 0.0.0.0 --port $PORT"),
    "bokeh": Framework("bokeh", 5006, "bokeh serve {file} --address 0.0.0.0 --port $PORT"),
    "solara": Framework("solara", 8765, f"solara run {{file}} {_PORT}"),
    "shiny": Framework("shiny", 8000, f"shiny run {_PORT} {{file}}"),
    "reflex": Framework("reflex", 3000, "reflex run --env prod"),
    "nicegui": Framework("nicegui", 8080),
    "flet": Framework("flet", 8550, "flet run --web --port $PORT {file}"),
    "dash": Framework("dash", 8050),
    "voila": Framework("voila", 8866, "voila --port $PORT --no-browser"),
    "google-adk": Framework("google-adk", 8000, f"adk api_server {_PORT} ."),
    "datasette": Framework("datasette", 8001),
    "mlflow": Framework("mlflow", 5000),
    "fastmcp": Framework("fastmcp"),
    "starlette": Framework("starlette"),
    "bottle": Framework("bottle", 8080),
    "cherrypy": Framework("cherrypy", 8080),
    "tornado": Framework("tornado", 8888),
    "aiohttp": Framework("aiohttp", 8080),
    "web-py": Framework("web.py", 8080),
    "twisted": Framework("twisted", 8080),
    "werkzeug": Framework("werkzeug", 5000),
    "grpcio": Framework("grpc", 50051),
}  # fmt: skip
"""In order of weight: an application that depends on several is one of the first.

Ports and commands are those of their documentation: Django, "django-admin: runserver"; Flask, "Command Line Interface";
FastAPI, "FastAPI CLI"; Connexion, "Run your application"; Litestar, "CLI"; Quart, "Quickstart"; Sanic, "Running Sanic";
Pyramid, "Creating Your First Pyramid Application"; Robyn, "Getting started"; FastHTML, "Quick start"; Streamlit,
"config.toml"; Gradio, "launch"; Chainlit, "Command Line Options"; Mesop, "Getting started"; Panel and Bokeh, "serve";
Solara, "Deployment"; Shiny for Python, "shiny run"; Reflex, "Configuration"; Bottle, "Deployment"; CherryPy,
"Configure"; Tornado, "Running and deploying"; aiohttp, "web.run_app"; web.py, "Getting started"; Werkzeug, "Serving
WSGI Applications"; gRPC, "Python quick start"; Datasette and MLflow, "CLI reference"."""

NO_PORT = frozenset({"flask", "quart", "falcon", "connexion", "starlette", "fastapi", "litestar", "bottle", "werkzeug"})
"""Those that the server before them gives a port: what a README says of it beats what is usual."""

CLIENTS_TOO = frozenset({"aiohttp", "twisted", "werkzeug", "grpcio", "tornado", "bokeh", "mlflow", "starlette"})
"""Distributions that are in applications without a server of theirs: they count where code serves with them."""

BUILDERS = {"mkdocs": "site", "pelican": "output", "sphinx": "_build/html", "nikola": "output", "lektor": "build"}
"""Distribution -> the folder of the pages that it builds."""

WORKERS = (
    "discord-py", "discord", "py-cord", "nextcord", "disnake", "hikari", "interactions-py", "python-telegram-bot",
    "aiogram",
    "pytelegrambotapi", "telethon", "pyrogram", "pyrofork", "slack-bolt", "matrix-nio", "twitchio", "praw",
    "asyncpraw", "tweepy",
    "celery", "dramatiq", "rq", "huey", "arq", "taskiq", "saq", "procrastinate", "pika", "aio-pika", "kombu",
    "kafka-python",
    "confluent-kafka", "aiokafka", "faust-streaming", "faust", "nats-py", "temporalio", "apscheduler", "schedule",
    "paho-mqtt",
    "prefect", "scrapy", "locust", "mastodon-py", "irc", "slixmpp",
)  # fmt: skip
"""Distributions of programs that run and answer no requests, where nothing else says that they do."""
