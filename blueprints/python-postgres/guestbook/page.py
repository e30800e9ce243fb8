"""The page, as HTML."""

from __future__ import annotations

from html import escape

from guestbook.entries import LONGEST_MESSAGE, LONGEST_NAME, Entry

STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 38rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-weight: 600; letter-spacing: -.02em; }
form { display: grid; gap: .6rem; margin: 0 0 2.5rem; }
input, textarea, button { font: inherit; padding: .5rem .7rem; border: 1px solid var(--line); border-radius: .4rem; }
button { justify-self: start; cursor: pointer; }
article { border-top: 1px solid var(--line); padding: .8rem 0; }
article p { margin: .2rem 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }
small { opacity: .65; }
"""


def page(entries: list[Entry], problem: str | None = None) -> str:
    shown = "".join(_entry(entry) for entry in entries) or "<p><small>Nobody has written yet.</small></p>"
    said = f"<p role=alert>{escape(problem)}</p>" if problem else ""
    return f"""<!doctype html>
<html lang=en><meta charset=utf-8><meta name=viewport content="width=device-width">
<title>Guestbook</title><style>{STYLE}</style>
<h1>Guestbook</h1>
<form method=post action=/entries>{said}
<input name=name required maxlength={LONGEST_NAME} placeholder="Your name" aria-label="Your name">
<textarea name=message required maxlength={LONGEST_MESSAGE} rows=3
placeholder="Say hello" aria-label="Message"></textarea>
<button>Write</button></form>
{shown}
</html>
"""


def _entry(entry: Entry) -> str:
    name, message, when = escape(entry.name), escape(entry.message), f"{entry.written:%d %B %Y, %H:%M}"
    return f"<article><strong>{name}</strong> <small>{when}</small><p>{message}</p></article>"
