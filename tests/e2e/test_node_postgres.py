"""A Node application and its database, which admits nobody without TLS."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest

from hivemind.testing.project import Project

pytestmark = [
    pytest.mark.slow,
    pytest.mark.stress,
    pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed"),
]
BLUEPRINT = """
hivemind: 1
name: encrypted
services:
  web: {needs: [db]}
resources:
  db: {type: postgres, version: "17"}
environments: {production: {stage: stage-1}}
"""
APPLICATION = """
const http = require('http');
const {Client} = require('pg');
const postgres = require('postgres');
const asked = 'select count(*)::int as rows from pg_tables';
http.createServer(async (request, response) => {
  try {
    const client = new Client({connectionString: process.env.DATABASE_URL});
    await client.connect();
    const one = (await client.query(asked)).rows[0].rows > 0;
    await client.end();
    const sql = postgres(process.env.DATABASE_URL, {max: 1});
    const other = (await sql.unsafe(asked))[0].rows > 0;
    await sql.end();
    response.end(JSON.stringify([one, other]));
  } catch (error) {
    console.error(error);
    response.statusCode = 500;
    response.end(String(error));
  }
}).listen(process.env.PORT);
"""


def test_both_of_nodes_clients_get_in(local_project: Callable[..., Project]) -> None:
    package = {"scripts": {"start": "node server.js"}, "dependencies": {"pg": "^8.11.0", "postgres": "^3.4.0"}}
    project = local_project({"hivemind.yaml": BLUEPRINT, "package.json": json.dumps(package), "server.js": APPLICATION})
    assert project.apply().last["verdict"] == "good"
    assert json.loads(project.get().text) == [True, True]
