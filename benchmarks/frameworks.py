"""Builds the smallest application of each web framework of Node with HiveMind, runs what came out, and asks it.

    python -m benchmarks.frameworks [NAME ...] [--store DIR] [--lock]

Packages come by npm. Prints a table in Markdown: seconds of the first build and of one after a change of the sources,
size of what moves then, how it is started, and what it answered. What runs has the artifact's files alone.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard

from hivemind.agents.compiler import hivemind_build
from hivemind.blueprint.model import Service, ServiceKind
from hivemind.builds.here import Here
from hivemind.local.cloud import host_platform
from hivemind.repositories.repository import read
from hivemind.values.artifact import Artifact
from hivemind.values.errors import StageError

PORT = 18400
_WAIT = 30


@dataclass(frozen=True)
class Sample:
    """files: of the application. says: what its answer must hold. changed: file that is edited for the second build.
    kind, start, static: as in hivemind.yaml."""

    files: Mapping[str, str]
    says: str
    changed: str
    start: str = "npm start"
    kind: str = "web"
    static: str | None = None
    build: str = "npm run build"
    env: Mapping[str, str] = field(default_factory=dict)


def manifest(scripts: Mapping[str, str], dependencies: Mapping[str, str], more: Mapping[str, str], **rest: Any) -> str:
    content = {"name": "sample", "version": "1.0.0", "private": True, "scripts": dict(scripts)}
    return json.dumps({**content, "dependencies": dict(dependencies), "devDependencies": dict(more), **rest}, indent=1)


_REACT = {"react": "^18", "react-dom": "^18"}
_NEXT = {"next": "^14", **_REACT}
_PAGE = (
    "export async function getServerSideProps() { return { props: { at: process.version } } }\n"
    "export default function Page({ at }) { return <p>hello from {at}</p> }\n"
)
SAMPLES: Mapping[str, Sample] = {
    "next": Sample(
        {"package.json": manifest({"build": "next build", "start": "next start -p $PORT"}, _NEXT, {}),
         "pages/index.js": _PAGE},
        "hello from", "pages/index.js",
    ),
    "next-standalone": Sample(
        {"package.json": manifest({"build": "next build && cp -r public .next/standalone/ && cp -r .next/static "
                                            ".next/standalone/.next/"}, _NEXT, {}),
         "next.config.js": "module.exports = { output: 'standalone' }\n", "public/robots.txt": "\n",
         "pages/index.js": _PAGE},
        "hello from", "pages/index.js", start="node .next/standalone/server.js", env={"HOSTNAME": "127.0.0.1"},
    ),
    "vite": Sample(
        {"package.json": manifest({"build": "vite build"}, {}, {"vite": "^5"}, type="module"),
         "index.html": '<title>hello from vite</title><script type="module" src="/main.js"></script>\n',
         "main.js": "document.title += '!'\n"},
        "hello from vite", "index.html", kind="static", static="dist",
    ),
    "nest": Sample(
        {"package.json": manifest(
            {"build": "nest build", "start": "nest start", "start:prod": "node dist/main"},
            {"@nestjs/common": "^10", "@nestjs/core": "^10", "@nestjs/platform-express": "^10",
             "reflect-metadata": "^0.2", "rxjs": "^7"},
            {"@nestjs/cli": "^10", "@nestjs/schematics": "^10", "typescript": "~5.4.5", "@types/node": "^20"}),
         "nest-cli.json": '{"sourceRoot": "src"}',
         "tsconfig.json": '{"compilerOptions": {"module": "commonjs", "target": "es2021", "outDir": "dist", '
                          '"emitDecoratorMetadata": true, "experimentalDecorators": true, "skipLibCheck": true}}',
         "src/main.ts": "import { Controller, Get, Module } from '@nestjs/common';\n"
                        "import { NestFactory } from '@nestjs/core';\n"
                        "@Controller() class Hello { @Get() hello() { return 'hello from nest' } }\n"
                        "@Module({ controllers: [Hello] }) class App {}\n"
                        "NestFactory.create(App).then((app) => app.listen(Number(process.env.PORT)));\n"},
        "hello from nest", "src/main.ts", start="npm run start:prod",
    ),
    "remix": Sample(
        {"package.json": manifest(
            {"build": "remix vite:build", "start": "remix-serve ./build/server/index.js"},
            {"@remix-run/node": "^2", "@remix-run/react": "^2", "@remix-run/serve": "^2", "isbot": "^4", **_REACT},
            {"@remix-run/dev": "^2", "vite": "^5"}, type="module", sideEffects=False),
         "vite.config.js": "import { vitePlugin as remix } from '@remix-run/dev';\n"
                           "export default { plugins: [remix()] };\n",
         "app/root.jsx": "import { Outlet, Scripts } from '@remix-run/react';\n"
                         "export default function App() { return <html><body><Outlet /><Scripts /></body></html> }\n",
         "app/routes/_index.jsx": "export default function Index() { return <p>hello from remix</p> }\n"},
        "hello from remix", "app/routes/_index.jsx",
    ),
    "sveltekit": Sample(
        {"package.json": manifest(
            {"build": "vite build"}, {},
            {"@sveltejs/kit": "^2", "@sveltejs/adapter-node": "^5", "@sveltejs/vite-plugin-svelte": "^3",
             "svelte": "^4", "vite": "^5"}, type="module"),
         "svelte.config.js": "import adapter from '@sveltejs/adapter-node';\n"
                             "export default { kit: { adapter: adapter() } };\n",
         "vite.config.js": "import { sveltekit } from '@sveltejs/kit/vite';\n"
                           "export default { plugins: [sveltekit()] };\n",
         "src/app.html": "<html><head>%sveltekit.head%</head><body>%sveltekit.body%</body></html>\n",
         "src/routes/+page.svelte": "<p>hello from sveltekit</p>\n"},
        "hello from sveltekit", "src/routes/+page.svelte", start="node build",
    ),
    "nuxt": Sample(
        {"package.json": manifest({"build": "nuxt build", "postinstall": "nuxt prepare"}, {}, {"nuxt": "^3"},
                                  type="module"),
         "nuxt.config.ts": "export default defineNuxtConfig({ telemetry: false })\n",
         "app.vue": "<template><p>hello from nuxt</p></template>\n"},
        "hello from nuxt", "app.vue", start="node .output/server/index.mjs", env={"NUXT_TELEMETRY_DISABLED": "1"},
    ),
    "astro": Sample(
        {"package.json": manifest({"build": "astro build"}, {"astro": "^4"}, {}, type="module"),
         "src/pages/index.astro": "<html><body>hello from astro</body></html>\n"},
        "hello from astro", "src/pages/index.astro", kind="static", static="dist",
        env={"ASTRO_TELEMETRY_DISABLED": "1"},
    ),
}  # fmt: skip


def row(name: str, sample: Sample, store: Path, folder: Path, *, lock: bool) -> tuple[bool, str]:
    """Builds twice, runs, asks. lock: whether npm writes a lock first."""
    root = folder / name
    for file, text in sample.files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    if lock:
        quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
        subprocess.run(["npm", "install", *quiet], cwd=root, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        shutil.rmtree(root / "node_modules", ignore_errors=True)
    service = Service(
        "web", kind=ServiceKind(sample.kind), runtime="node", build=sample.build, start=sample.start,
        static_dir=sample.static, env=dict(sample.env),
    )  # fmt: skip
    if sample.kind == "static":
        service = Service("web", kind=ServiceKind.STATIC, runtime="node", build=sample.build, static_dir=sample.static,
                          env=dict(sample.env))  # fmt: skip
    try:
        first, seconds = _built(service, root, store)
        (root / sample.changed).write_text(
            sample.files[sample.changed].replace("hello from", "hello again, hello from")
        )
        second, again = _built(service, root, store)
    except StageError as error:
        return False, f"| {name} | {error.message} | | | | |"
    moved = second.size + sum(layer.size for layer in second.layers if layer not in first.layers)
    there = folder / f"{name}-there"
    answer = _asked(second, there, sample)
    well = sample.says in answer and "hello again" in answer
    said = "yes" if well else answer[:120].replace("\n", " ")
    return well, (
        f"| {name} | {seconds:.1f} s | {again:.1f} s | {moved / 1e6:.1f} of {second.total / 1e6:.1f} MB "
        f"| `{second.start}` | {said} |"
    )


def _built(service: Service, root: Path, store: Path) -> tuple[Artifact, float]:
    began = time.monotonic()
    made = hivemind_build(service, read(root), Here(host_platform("debian-12", "t3.micro"), store))
    assert made is not None
    return made, time.monotonic() - began


def _asked(artifact: Artifact, there: Path, sample: Sample) -> str:
    """What the unpacked artifact answers; the end of its output where it does not."""
    for part in (*artifact.layers, artifact):
        with (
            part.path.open("rb") as packed,
            zstandard.ZstdDecompressor().stream_reader(packed) as plain,
            tarfile.open(fileobj=plain, mode="r|") as archive,
        ):
            archive.extractall(there, **({"filter": "tar"} if hasattr(tarfile, "tar_filter") else {}))
    said = json.loads((there / "manifest.json").read_text())
    path = os.pathsep.join([*(str(there / each) for each in said["path"]), "/usr/local/bin:/usr/bin:/bin"])
    env = {"PATH": path, "HOME": str(there), "PORT": str(PORT), **said["env"], **sample.env}
    with (there / "output").open("wb") as output:
        process = subprocess.Popen(
            ["/bin/sh", "-c", f"exec {artifact.start}"], cwd=there / "app", env=env, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + _WAIT
        while time.monotonic() < deadline and process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/", timeout=5) as answer:
                    text: str = answer.read().decode(errors="replace")
                    return re.sub(r"<!-- -->", "", text)
            except urllib.error.HTTPError as error:
                return f"HTTP {error.code} " + (there / "output").read_text()[-300:]
            except OSError:
                time.sleep(0.2)
        return (there / "output").read_text()[-600:]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(10)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(SAMPLES)}; all unless said")
    parser.add_argument("--store", type=Path, help="store of artifacts to use; one of its own unless said")
    parser.add_argument("--lock", action="store_true", help="write a lock first: needs a registry that is complete")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="hivemind-frameworks-"))
    print("| framework | build | after a change | moves then | started with | answers |\n|---|---|---|---|---|---|")
    failed = 0
    for name in arguments.names or SAMPLES:
        well, text = row(name, SAMPLES[name], arguments.store or folder / "store", folder, lock=arguments.lock)
        failed += not well
        print(text, flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
