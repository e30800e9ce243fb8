"""H0xx: the file itself, before anything in it is understood."""

# ruff: noqa: E501 - one entry a line, so that the list can be read as a list

from __future__ import annotations

from hivemind.blueprint.catalogue.entry import Entry

ENTRIES = (
    Entry("H001", "file not found", "There is no file with this name. The exit code is 7.", "Correct the name, change to the project's folder (`hivemind -C DIR`), or create the file with `hivemind init`."),
    Entry("H002", "directory instead of a file", "The path names a directory, but a blueprint is one file.", "Name the file in the directory."),
    Entry("H003", "unreadable file", "The operating system refuses to read the file. The message contains its reason.", "Check the permissions of the file and of the folders above it."),
    Entry("H004", "file too large", "The file is larger than 1 MB. A blueprint has a few kB, so this is probably another file.", "Name the right file, and keep data out of the blueprint."),
    Entry("H005", "empty file", "The file contains nothing but whitespace and comments.", "Write at least `hivemind`, `name` and `services`, or let `hivemind init` write the file.", "hivemind: 1\nname: guestbook\nservices:\n  web: {}"),
    Entry("H006", "not UTF-8", "A byte of the file is not valid UTF-8. The message contains the byte and its offset from the start of the file. A byte order mark is allowed.", "Save the file as UTF-8."),
    Entry("H007", "control character", "The file contains an invisible character that YAML does not allow.", "Remove the character, or write it in double quotes as an escape such as `\\x07`."),
    Entry("H008", "tab in the indentation", "YAML indents with spaces only.", "Replace the tab with spaces, and configure your editor to insert spaces in YAML.", "services:\n\tweb: {}"),
    Entry("H009", "YAML syntax error", "HiveMind cannot read the file as YAML from this place on. It finds later mistakes once this one is fixed.", "The hint names the usual cause: a missing quote, bracket or colon, or wrong indentation.", "start: gunicorn app: app"),
    Entry("H010", "duplicate key", "A mapping contains the same key twice. Many YAML parsers silently use the last one; HiveMind does not guess.", "Remove one of the two.", "services:\n  web: {port: 8000, port: 8080}"),
    Entry("H011", "key is not text", "A key is missing, or is a list or mapping.", "Write `name: value`."),
    Entry("H012", "nested too deeply", "Lists and mappings are nested deeper than 40 levels.", "Close the brackets. A blueprint needs six levels at most."),
    Entry("H013", "expands too far", "Anchors and aliases expand to more than 20,000 values, as in a file that is made to fill memory.", "Write the content out.", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]"),
    Entry("H014", "more than one document", "The file continues after a line of three dashes, which starts another document. A blueprint is one document.", "Remove the line, or move the second document to another file.", "name: shop\n---\nname: blog"),
    Entry("H015", "alias without anchor", "No anchor (`&name`) above this alias (`*name`) defines it, or the alias is inside its own anchor.", "Correct the name. If you mean a literal star, quote the text.", "path: *app"),
    Entry("H016", "YAML tag", "The value has a YAML tag such as `!Ref` or `!!python/object`. A blueprint has no tags. Write CloudFormation functions under `overrides`, in their long form.", "Remove the tag. Quote text that starts with an exclamation mark.", "value: !Ref Vpc"),
    Entry("H017", "number with leading zero", "Some programs read this number as decimal, others as octal.", "Quote it if it is text; remove the zero if it is a number.", "port: 0800"),
    Entry("H018", "invalid merge key", "The merge key `<<` accepts a mapping or a list of mappings, usually an alias.", "Write `<<: *anchor`.", "web:\n  <<: 5"),
    Entry("H019", "not a mapping", "The file is a list or a single value. A blueprint has keys such as `name` and `services`.", "Start the file with `hivemind: 1`.", "- web"),
)  # fmt: skip
