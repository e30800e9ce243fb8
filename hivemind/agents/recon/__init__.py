"""Recon: what an application is, read out of its repository without running it.

A language is one module (or package) in `languages/`, found by its being there:

    def detect(folder: Folder) -> Sequence[Detection]

It gets one folder of the repository (`folder.Folder`: the tree, and texts on demand, size-bounded), runs nothing,
raises nothing for any content, and says nothing where there is nothing of its language. What it says carries
`language="go"`, so that it counts only where that language is chosen. `evidence/` holds modules of the same shape for
what speaks of any language (Procfile, Dockerfile, compose and platform files): those leave `language` empty.
A third party does the same in one file: a plugin whose `hivemind_detect(repository, path)` returns detections.

**Language.** Each module says `language` once, with how sure it is that this is the language that *serves*
(`weights.py`): SERVES where a framework, server code or production command is there; BUILDS where a manifest declares
a program; PAGES for pages that are built; MANIFEST for a manifest that declares no program (a library, or tools beside
another language); SOURCES for source files without a manifest; HINT for less. The most certain reading is the
language (`detection.language_of`), and detections of other languages are dropped. A production command (Procfile)
that names a program of a language is certain (1.0); a container's base image is IMAGE.

**Values.** Highest `Precedence` wins, then confidence, then file and line: production files over manifests over
containers over code over convention over prose. A start command needs no precedence tricks: say where it stands.
What is taken only for want of anything better (`Notes.guess`) has the precedence of prose, and less confidence than a
README. A command that needs its container's image has less than 0.5: it is shown, and another one is run.

**Kind.** `web` where it serves HTTP (framework, listening code, production `web` process, published port);
`worker` where it runs and does not listen (bots, consumers); `static` where files are served or built and no program
is needed; `cli` where it declares programs for people and has no server; `library` where it is packaged to be
imported. A library or cli never has a `start`. Where a module can't tell, and the manifest declares a program, it is
`web` with confidence below 0.7. The package that *is* a framework or server is a library: its own name is not
among its dependencies.

**Doubts.** What contradicts itself is a detection of field `doubt`: a sentence, its file and line, and in `note` what
to write. It changes no answer.

**Words.** Languages: python, node (JavaScript, TypeScript, Bun), deno, go, ruby, java (with Kotlin, Scala), clojure,
php, rust, dotnet, elixir, gleam, shell, static. Package managers: pip poetry uv pdm pipenv, npm yarn pnpm bun,
`go modules`, bundler, maven gradle sbt leiningen, composer, cargo, nuget, mix, gleam, deno. Frameworks: the name that
their users write, in lower case with `-` (`spring-boot`, `nextjs`, `nestjs`, `create-react-app`). Needs: postgres,
mysql, redis, mongodb, and further services by their names.
"""

from hivemind.agents.recon.hooks import hivemind_detect

__all__ = ["hivemind_detect"]
