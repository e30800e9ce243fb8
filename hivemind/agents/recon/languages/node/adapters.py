"""Builds that frameworks make for another platform, which nothing but that platform runs."""

from __future__ import annotations

from hivemind.agents.recon.folder import Folder
from hivemind.agents.recon.languages.node import package as packages
from hivemind.agents.recon.languages.node.frameworks import Framework
from hivemind.agents.recon.languages.node.package import FILE, Package
from hivemind.detections.detection import Detection, Precedence

_OWN = {"sveltekit": ("@sveltejs/adapter-node", "@sveltejs/adapter-static"), "astro": ("@astrojs/node",)}
"""Framework -> the adapters whose builds run anywhere."""
_PLATFORMS = {
    "sveltekit": (
        "@sveltejs/adapter-vercel", "@sveltejs/adapter-netlify", "@sveltejs/adapter-cloudflare",
        "@sveltejs/adapter-cloudflare-workers", "@sveltejs/adapter-auto",
    ),
    "astro": ("@astrojs/vercel", "@astrojs/netlify", "@astrojs/cloudflare"),
}  # fmt: skip
"""https://svelte.dev/docs/kit/adapters, https://docs.astro.build/en/guides/on-demand-rendering/"""


def detect(folder: Folder, package: Package, framework: Framework | None) -> list[Detection]:
    """A `doubt` where the only adapter is another platform's; `adapter-auto` asks which platform builds."""
    held = {**package.dependencies, **package.development}
    name = framework.name if framework else ""
    foreign = next((each for each in _PLATFORMS.get(name, ()) if each in held), None)
    if foreign is None or any(each in held for each in _OWN[name]):
        return []
    own = _OWN[name][0]
    message = f"{foreign} builds for its own platform, not a server that HiveMind can start"
    help_ = f"Run `npm install --save-dev {own}`, and import it instead of {foreign.rpartition('/')[2]}."
    line = packages.line_of(folder, foreign) or 1
    return [Detection("doubt", message, folder.in_repository(FILE), line, Precedence.CODE, 0.9, help_)]
