"""Packages and lines of code of which is known whether they call services elsewhere.

What is in neither list is not known, and no conclusion is drawn from it. Databases and caches that HiveMind provides
are in the network; of others (MySQL, MongoDB, Kafka, ...) the address is elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


QUIET: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "python": _words(
            """
            aiofiles alembic annotated-types anyio apscheduler argon2-cffi asgi-correlation-id asgiref asyncpg attrs
            babel bcrypt bleach blinker bootstrap-flask bottle brotli cachelib celery certifi cffi channels
            channels-redis charset-normalizer cherrypy click colorama crispy-bootstrap4 crispy-bootstrap5
            cryptography daphne dj-database-url django django-allow-cidr django-bootstrap4 django-bootstrap5
            django-celery-beat django-cors-headers django-cors-middleware django-crispy-forms django-csp
            django-debug-toolbar django-environ django-extensions django-filter django-health-check django-redis
            django-rq django-tables2 django-taggit django-widget-tweaks djangorestframework
            djangorestframework-simplejwt drf-spectacular environs faker falcon fastapi fastapi-pagination flask
            flask-apispec flask-babel flask-bcrypt flask-bootstrap flask-caching flask-cors flask-jwt-extended
            flask-limiter flask-login flask-marshmallow flask-migrate flask-moment flask-redis flask-restful
            flask-session flask-smorest flask-sqlalchemy flask-talisman flask-wtf gevent greenlet gunicorn h11
            httptools hypercorn idna importlib-metadata itsdangerous jinja2 jsonschema kombu limits litestar loguru
            mako markdown markdown-it-py markupsafe marshmallow mistune mypy-extensions numpy orjson packaging pandas
            passlib peewee pillow pip plotly pluggy prometheus-client psycopg psycopg-binary psycopg-c psycopg-pool
            psycopg2 psycopg2-binary pycparser pydantic pydantic-core pydantic-settings pygments pyjwt
            pymdown-extensions pyramid python-dateutil python-decouple python-dotenv python-json-logger
            python-multipart python-slugify pytz pyyaml quart redis rq setuptools six slowapi sniffio sqlalchemy
            sqlmodel sqlparse starlette structlog tabulate text-unidecode toml tomli tortoise-orm typing-extensions
            typing-inspection tzdata tzlocal ujson unicode-slugify uvicorn uvloop valkey vine waitress watchfiles
            websockets werkzeug wheel whitenoise wsproto wtforms zipp
            """
        ),
        "node": _words(
            """
            @fastify/compress @fastify/cookie @fastify/cors @fastify/formbody @fastify/helmet @fastify/jwt
            @fastify/multipart @fastify/rate-limit @fastify/session @fastify/static @fastify/view @hapi/boom
            @hapi/hapi @hapi/inert @hapi/vision @hono/node-server @koa/router @nestjs/common @nestjs/config
            @nestjs/core @nestjs/jwt @nestjs/passport @nestjs/platform-express @nestjs/platform-fastify
            @nestjs/sequelize @nestjs/swagger @nestjs/typeorm @prisma/client @types/express @types/node ajv argon2
            async bcrypt bcryptjs better-sqlite3 body-parser bootstrap bull bullmq chalk class-transformer
            class-validator commander compression connect-flash connect-pg-simple connect-redis cookie-parser
            cookie-session cors cron cross-env csurf date-fns dayjs debug dotenv drizzle-orm ejs escape-html express
            express-async-errors express-async-handler express-ejs-layouts express-handlebars express-hbs
            express-rate-limit express-session express-slow-down express-validator fastify fastify-plugin fs-extra
            glob handlebars hbs helmet hono http-errors ioredis joi jquery js-cookie jsonwebtoken knex koa
            koa-bodyparser koa-router koa-static lodash luxon markdown-it marked md5 method-override mime moment
            moment-timezone morgan multer mustache nanoid nunjucks passport passport-local path pg pg-hstore
            pg-native pg-pool pg-promise pino pino-http pino-pretty pluralize postgres prisma pug qs
            rate-limiter-flexible react react-dom redis reflect-metadata rxjs sanitize-html semver sequelize
            serve-favicon serve-static slugify socket.io source-map-support sqlite3 swagger-ui-express ts-node tslib
            tsx typeorm typescript uglify-js umzug uuid validator vue winston ws yargs yup zod
            """
        ),
        "go": _words(
            """
            github.com/caarlos0/env github.com/gin-contrib/cors github.com/gin-contrib/sessions
            github.com/gin-gonic/gin github.com/go-chi/chi github.com/go-chi/cors github.com/go-playground/validator
            github.com/go-redis/redis github.com/gofiber/fiber github.com/golang-jwt/jwt
            github.com/golang-migrate/migrate github.com/google/uuid github.com/gorilla/mux
            github.com/gorilla/sessions github.com/gorilla/websocket github.com/jackc/pgx github.com/jmoiron/sqlx
            github.com/joho/godotenv github.com/julienschmidt/httprouter github.com/kelseyhightower/envconfig
            github.com/labstack/echo github.com/lib/pq github.com/mattn/go-sqlite3 github.com/pressly/goose
            github.com/redis/go-redis github.com/rs/zerolog github.com/shopspring/decimal github.com/sirupsen/logrus
            github.com/spf13/cobra github.com/spf13/viper github.com/stretchr/testify go.uber.org/zap
            golang.org/x/crypto gorm.io/driver/postgres gorm.io/driver/sqlite gorm.io/gorm modernc.org/sqlite
            """
        ),
    }
)
"""Language -> packages that open no connection but to databases, caches and clients of the application."""

CALLING: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "python": re.compile(
            r"requests|httpx|aiohttp|urllib3|pycurl|grequests|niquests|boto3?|aioboto3|botocore|s3fs|stripe|twilio|"
            r"sendgrid|resend|postmarker|mailgun\w*|mailjet-rest|mailchimp[\w-]*|flask-mail(?:man)?|django-anymail|"
            r"django-ses|django-storages|fastapi-mail|aiosmtplib|openai|anthropic|mistralai|cohere|groq|replicate|"
            r"litellm|langchain[\w-]*|llama-index[\w-]*|huggingface-hub|google-(?:cloud|api|auth|genai|generativeai)"
            r"[\w-]*|azure-[\w-]+|firebase-admin|supabase|slack-(?:sdk|bolt)|slackclient|discord(?:-py|\.py)?|"
            r"python-telegram-bot|aiogram|telethon|pyrogram|tweepy|praw|pygithub|python-gitlab|sentry-sdk|raven|"
            r"newrelic|ddtrace|datadog|rollbar|bugsnag|elastic-apm|logfire|posthog|mixpanel|analytics-python|"
            r"paypal[\w-]*|braintree|razorpay|plaid-python|cloudinary|dropbox|minio|pusher|algoliasearch|pymongo|"
            r"motor|mongoengine|beanie|mysqlclient|pymysql|aiomysql|mysql-connector-python|elasticsearch[\w-]*|"
            r"opensearch-py|kafka-python|confluent-kafka|aiokafka|pika|aio-pika|paho-mqtt|neo4j|cassandra-driver|"
            r"influxdb[\w-]*|qdrant-client|pinecone[\w-]*|weaviate-client|paramiko|ldap3|django-allauth|authlib|"
            r"social-auth-[\w-]+|mozilla-django-oidc|yfinance|feedparser|scrapy|selenium|playwright|yt-dlp|pywebpush"
        ),
        "node": re.compile(
            r"axios|node-fetch|cross-fetch|isomorphic-fetch|got|ky|undici|superagent|request(?:-promise)?|needle|"
            r"aws-sdk|@aws-sdk/.+|@google-cloud/.+|googleapis|google-auth-library|firebase(?:-admin)?|@azure/.+|"
            r"@supabase/.+|stripe|braintree|razorpay|@paypal/.+|twilio|nodemailer|@sendgrid/.+|mailgun[\w.-]*|resend|"
            r"postmark|openai|@anthropic-ai/.+|@langchain/.+|langchain|ai|@ai-sdk/.+|replicate|@slack/.+|discord\.js|"
            r"telegraf|node-telegram-bot-api|grammy|@octokit/.+|octokit|@sentry/.+|newrelic|dd-trace|posthog-node|"
            r"mixpanel|@rollbar/.+|rollbar|cloudinary|pusher|algoliasearch|web-push|mongoose|mongodb|mysql2?|mariadb|"
            r"@elastic/.+|@opensearch-project/.+|kafkajs|amqplib|mqtt|neo4j-driver|@pinecone-database/.+|puppeteer|"
            r"playwright|passport-(?:google|github|facebook|oauth|auth0|twitter)[\w-]*|openid-client|@auth/.+|"
            r"next-auth|rss-parser|@neondatabase/serverless|@planetscale/database|@vercel/.+|@upstash/.+"
        ),
        "go": re.compile(
            r"github\.com/aws/aws-sdk-go.*|cloud\.google\.com/go.*|google\.golang\.org/(?:api|grpc).*|"
            r"github\.com/stripe/.*|github\.com/sendgrid/.*|github\.com/go-resty/resty.*|github\.com/sashabaranov/.*|"
            r"github\.com/openai/.*|github\.com/getsentry/.*|go\.mongodb\.org/.*|github\.com/go-sql-driver/mysql|"
            r"github\.com/segmentio/kafka-go|github\.com/rabbitmq/.*|github\.com/slack-go/.*|github\.com/minio/.*|"
            r"gopkg\.in/gomail.*|golang\.org/x/oauth2.*|github\.com/google/go-github.*"
        ),
    }
)
"""Language -> packages whose use is to call a service elsewhere."""

SUFFIXES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "python": (".py",),
        "node": (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx"),
        "go": (".go",),
    }
)

CALLS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "python": re.compile(
            r"^\s*(?:import|from)\s+(urllib\.request|urllib import request|http\.client|smtplib|ftplib|imaplib|poplib|"
            r"xmlrpc\.client)\b|\b(send_mail|send_mass_mail|EmailMessage|EmailMultiAlternatives|mail_admins)\("
        ),
        "node": re.compile(r"\b(https?\.(?:get|request)|nodemailer\.createTransport)\(|[\"']node:(smtp)[\"']"),
        "go": re.compile(
            r"\b(http\.(?:Get|Post|PostForm|Head|NewRequest|NewRequestWithContext)|smtp\.(?:SendMail|Dial)|"
            r"grpc\.(?:Dial|NewClient))\("
        ),
    }
)
"""Language -> lines that call a service elsewhere by the standard library or the framework."""

HINTS: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "python": re.compile(
            r"^\s*(?:import|from)\s+(?:socket|ssl|telnetlib|subprocess|urllib(?!\.parse\b)|"
            r"http(?!\.server\b|\.cookies\b| import HTTPStatus))\b|os\.system\("
        ),
        "node": re.compile(
            r"\bfetch\(\s*(?![\"'`]/)|\bnet\.(?:connect|createConnection)\(|\btls\.connect\(|child_process|XMLHttpRequest|"
            r"new WebSocket\("
        ),
        "go": re.compile(r"\bhttp\.(?:Client|DefaultClient|Transport)\b|\bnet\.Dial|\bexec\.Command\("),
    }
)
"""Language -> lines that may be calls of a service elsewhere."""
_ADDRESS = (
    r"\b(?:https?|wss?|smtps?|amqps?|mongodb(?:\+srv)?|mysql|ftp|sftp|ldaps?)://"
    r"(?!(?:localhost|127\.|0\.0\.0\.0|\[::1?\]|(?:\w+\.)*example\.(?:com|org|net)\b|www\.w3\.org|json-schema\.org|"
    r"schemas?\.))[\w\[{$%]"
)
ELSEWHERE = re.compile(_ADDRESS)
"""An address elsewhere in a value."""
WRITTEN = re.compile(rf"[\"'`][^\"'`]*{_ADDRESS}")
"""The same in a text of the code; those that documentation in the code names are in none."""
TOLD = re.compile(r"[A-Z0-9_]*(?:API_?KEY|API_?URL|WEBHOOK|SMTP|EMAIL_HOST|MAIL_SERVER|SENTRY|_DSN|S3_|AWS_|OAUTH)")
"""A name of a variable that is for a service elsewhere."""
FETCHES = re.compile(r"\b(curl|wget|npx|bunx|git (?:clone|pull|fetch)|pip install|npm (?:i|ci|install)|apt(?:-get)?)\b")
"""A command that fetches something."""
