"""Frameworks of Node by the package that brings them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hivemind.agents.recon.languages.node.package import Package


@dataclass(frozen=True)
class Framework:
    """name: as users write it. port: that it listens on unless told otherwise. start: its usual production command.
    pages: the folder of what it builds, where that needs no server. serves: whether it answers requests."""

    name: str
    port: int = 3000
    start: str | None = None
    pages: str | None = None
    serves: bool = True


WHOLE = {
    "next": Framework("nextjs", start="next start"),
    "nuxt": Framework("nuxt", start="node .output/server/index.mjs"),
    "nuxt3": Framework("nuxt", start="node .output/server/index.mjs"),
    "@nestjs/core": Framework("nestjs", start="node dist/main"),
    "@react-router/dev": Framework("react-router", start="react-router-serve ./build/server/index.js"),
    "@react-router/serve": Framework("react-router", start="react-router-serve ./build/server/index.js"),
    "@remix-run/serve": Framework("remix", start="remix-serve ./build/server/index.js"),
    "@remix-run/node": Framework("remix"),
    "@remix-run/dev": Framework("remix"),
    "@remix-run/express": Framework("remix"),
    "@tanstack/react-start": Framework("tanstack-start", start="node .output/server/index.mjs"),
    "@solidjs/start": Framework("solid-start", start="node .output/server/index.mjs"),
    "solid-start": Framework("solid-start"),
    "@sveltejs/kit": Framework("sveltekit", start="node build"),
    "@builder.io/qwik-city": Framework("qwik"),
    "@qwik.dev/router": Framework("qwik"),
    "@analogjs/platform": Framework("analog", start="node dist/analog/server/index.mjs"),
    "@redwoodjs/core": Framework("redwood", 8911),
    "blitz": Framework("blitz", start="blitz start"),
    "@adonisjs/core": Framework("adonis", 3333, "node build/bin/server.js"),
    "@strapi/strapi": Framework("strapi", 1337, "strapi start"),
    "@keystone-6/core": Framework("keystone", start="keystone start"),
    "payload": Framework("payload"),
    "@directus/api": Framework("directus", 8055),
    "directus": Framework("directus", 8055, "directus start"),
    "ghost": Framework("ghost", 2368),
    "@medusajs/medusa": Framework("medusa", 9000, "medusa start"),
    "@feathersjs/feathers": Framework("feathers", 3030),
    "@loopback/core": Framework("loopback"),
    "loopback": Framework("loopback"),
    "@midwayjs/core": Framework("midway", 7001),
    "egg": Framework("egg", 7001, "egg-scripts start"),
    "sails": Framework("sails", 1337, "node app.js"),
    "@foal/core": Framework("foal", 3001),
    "@tsed/common": Framework("tsed", 8080),
    "@backstage/backend-defaults": Framework("backstage", 7007),
    "meteor-node-stubs": Framework("meteor"),
    "actionhero": Framework("actionhero", 8080),
    "total.js": Framework("totaljs", 8000),
    "@docusaurus/core": Framework("docusaurus", pages="build", serves=False),
    "vitepress": Framework("vitepress", pages=".vitepress/dist", serves=False),
    "vuepress": Framework("vuepress", 8080, pages=".vuepress/dist", serves=False),
    "vuepress-vite": Framework("vuepress", 8080, pages=".vuepress/dist", serves=False),
    "vuepress-webpack": Framework("vuepress", 8080, pages=".vuepress/dist", serves=False),
    "@11ty/eleventy": Framework("eleventy", 8080, pages="_site", serves=False),
    "hexo": Framework("hexo", 4000, pages="public", serves=False),
    "gatsby": Framework("gatsby", 8000, pages="public", serves=False),
    "astro": Framework("astro", 4321, pages="dist", serves=False),
    "@stencil/core": Framework("stencil", 3333, pages="www", serves=False),
}  # fmt: skip
"""Those that say what the application is, whatever else it depends on; the weightier first.

Commands and ports are those of their documentation: Next.js, "CLI: next start"; Nuxt, "Deployment"; NestJS, "First
steps"; React Router and Remix, "Deploying"; TanStack Start, "Hosting"; SolidStart, "Deployment"; SvelteKit, "Node
servers"; Analog, "Deployment"; RedwoodJS, "App Configuration: redwood.toml"; AdonisJS, "Deployment"; Strapi, "Server
configuration"; Keystone, "Command Line"; Directus, "Configuration: General"; Ghost, "Configuration"; Medusa, "Start
command"; Feathers, "Configuration"; Midway, "HTTP service"; Egg.js, "Deployment"; Sails, "sails.config.*"; FoalTS,
"Configuration"; Ts.ED, "Configuration"; Backstage, "Deploying"; Actionhero, "Web Server"; Docusaurus, "Deployment";
VitePress and VuePress, "Deploy"; Eleventy, "Command Line Usage"; Hexo, "Server"; Gatsby, "Gatsby CLI"; Astro, "CLI";
Stencil, "Dev Server". Where one says nothing of a port, 3000 is what its examples have."""

METEOR = Framework("meteor", start="node main.js")
"""Meteor is no package: `.meteor/release` says that it is there, and its bundle starts with main.js."""

SERVERS = {
    "fastify": Framework("fastify"),
    "koa": Framework("koa"),
    "@hapi/hapi": Framework("hapi"),
    "hapi": Framework("hapi"),
    "restify": Framework("restify", 8080),
    "hono": Framework("hono"),
    "elysia": Framework("elysia"),
    "polka": Framework("polka"),
    "hyper-express": Framework("hyper-express"),
    "express": Framework("express"),
    "ultimate-express": Framework("express"),
    "h3": Framework("h3"),
    "@apollo/server": Framework("apollo", 4000),
    "apollo-server": Framework("apollo", 4000),
    "graphql-yoga": Framework("graphql-yoga", 4000),
    "nitropack": Framework("nitro", start="node .output/server/index.mjs"),
    "micro": Framework("micro"),
    "tinyhttp": Framework("tinyhttp"),
    "@tinyhttp/app": Framework("tinyhttp"),
    "connect": Framework("connect"),
    "json-server": Framework("json-server"),
    "socket.io": Framework("socket.io"),
    "ws": Framework("ws", 8080),
    "uWebSockets.js": Framework("uwebsockets"),
}
"""Those that answer requests, as dependencies of production. Their ports are those of their documentation's first
example: Fastify, "Getting Started"; Koa and Express, "Hello world"; hapi, "Getting started"; restify, "Quick start";
Hono, "Node.js"; Elysia, "Quick start"; Apollo Server, "Get started"; GraphQL Yoga, "Tutorial"; Nitro, "Node.js"; ws,
"Simple server"."""

NO_PORT = frozenset(each.name for each in SERVERS.values() if each.port == 3000) - {"nitro", "json-server"}
"""Those that are told their port by the application: 3000 is what most write, and anything that is written beats it."""

PAGES = {
    "@angular/core": Framework("angular", 4200, pages="dist", serves=False),
    "react-scripts": Framework("create-react-app", pages="build", serves=False),
    "@vue/cli-service": Framework("vue", 8080, pages="dist", serves=False),
    "ember-source": Framework("ember", 4200, pages="dist", serves=False),
    "ember-cli": Framework("ember", 4200, pages="dist", serves=False),
    "@umijs/max": Framework("umi", 8000, pages="dist", serves=False),
    "umi": Framework("umi", 8000, pages="dist", serves=False),
    "@ionic/angular": Framework("ionic", 8100, pages="www", serves=False),
    "preact-cli": Framework("preact", 8080, pages="build", serves=False),
    "vite": Framework("vite", 5173, pages="dist", serves=False),
    "rolldown-vite": Framework("vite", 5173, pages="dist", serves=False),
    "@rsbuild/core": Framework("rsbuild", pages="dist", serves=False),
    "parcel": Framework("parcel", 1234, pages="dist", serves=False),
    "parcel-bundler": Framework("parcel", 1234, pages="dist", serves=False),
    "snowpack": Framework("snowpack", 8080, pages="build", serves=False),
    "svelte": Framework("svelte", pages="public", serves=False),
    "vue": Framework("vue", 8080, pages="dist", serves=False),
    "react-dom": Framework("react", pages="dist", serves=False),
    "preact": Framework("preact", pages="dist", serves=False),
    "solid-js": Framework("solid", pages="dist", serves=False),
}
"""Those that build pages; the tool that builds before the library that it builds with. Folders and ports: Angular, "ng
serve"; Create React App, "Deployment"; Vue CLI, "CLI service"; Ember, "Deploying"; Umi, "Deployment"; Ionic, "ionic
serve"; Vite, "Server Options", "Build Options"; Rsbuild, "CLI"; Parcel, "Development"; Snowpack, "Configuration"."""

_OF_PAGES = r"react-scripts|vite|ng |vue-cli-service|parcel|ember|umi"

WORKERS = (
    "discord.js", "eris", "oceanic.js", "@discordjs/core", "telegraf", "grammy", "node-telegram-bot-api",
    "whatsapp-web.js",
    "@whiskeysockets/baileys", "matrix-bot-sdk", "tmi.js", "@twurple/chat", "mineflayer", "irc-framework", "bullmq",
    "bull",
    "bee-queue", "agenda", "node-cron", "cron", "node-schedule", "kafkajs", "amqplib", "nats", "graphile-worker",
    "pg-boss",
    "@temporalio/worker", "sqs-consumer", "@slack/rtm-api", "bree",
)  # fmt: skip
"""Packages of programs that run and answer no requests, where nothing else says that they do."""


def choose(package: Package) -> tuple[str, Framework] | None:
    """The package that decides, and its framework. Pages that are built beside a server are the server's."""
    everything = {**package.development, **package.dependencies}
    for name, framework in WHOLE.items():
        if name in everything:
            return name, framework
    pages = next(((name, each) for name, each in PAGES.items() if name in everything), None)
    server = next(((name, each) for name, each in SERVERS.items() if name in package.dependencies), None)
    if server and pages and _starts_pages(package):
        return pages
    return server or pages


def _starts_pages(package: Package) -> bool:
    return re.match(rf"(cross-env\s+)?(\w+=\S+\s+)*({_OF_PAGES})", package.scripts.get("start", "")) is not None
