"""The release command: one table, without a key, so that a row that is written twice is there twice."""

import asyncio
import os

import asyncpg


async def main():
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.execute("CREATE TABLE IF NOT EXISTS rows (id text NOT NULL, size integer NOT NULL)")
    await connection.close()


asyncio.run(main())
