"""H0xx: the file itself, before anything in it is understood."""

# ruff: noqa: E501 - one entry a line, so that the list can be read as a list

from __future__ import annotations

from hivemind.blueprint.catalogue.entry import Entry

ENTRIES = (
    Entry("H001", "no such file", "There is no file of this name. Exit code 7.", "Name the file, change to its folder (hivemind -C DIR), or write one with hivemind init."),
    Entry("H002", "a directory in place of a file", "The path names a directory; a blueprint is one file.", "Name the file in it."),
    Entry("H003", "can't be read", "The operating system refuses to read the file; the message has its reason.", "Check the permissions of the file and of the folders above it."),
    Entry("H004", "too large", "The file is larger than 1 MB. A blueprint has a few kB, so this is likely another file.", "Name the right file; keep data out of the blueprint."),
    Entry("H005", "empty", "There is nothing in the file but blanks and comments.", "Write at least hivemind, name and services, or let hivemind init write it.", "hivemind: 1\nname: guestbook\nservices:\n  web: {}"),
    Entry("H006", "not UTF-8", "A byte of the file is not valid UTF-8. The message has the byte and its offset from the start. A byte order mark is accepted.", "Save the file as UTF-8."),
    Entry("H007", "control character", "The file has a character that can't be seen and that YAML does not allow.", "Remove it; in double quotes it can be written as an escape such as \\x07."),
    Entry("H008", "tab in the indentation", "YAML indents with spaces only.", "Replace the tab by spaces, and set the editor to insert spaces in YAML.", "services:\n\tweb: {}"),
    Entry("H009", "YAML syntax", "From this place on the file can't be read as YAML. Later mistakes are found once this one is fixed.", "The hint names the usual cause: a missing quote, bracket or colon, or indentation that does not fit.", "start: gunicorn app: app"),
    Entry("H010", "key given twice", "A mapping has the same key twice. YAML parsers silently take the last one; HiveMind doesn't guess.", "Keep one of the two.", "services:\n  web: {port: 8000, port: 8080}"),
    Entry("H011", "key is not text", "A key is missing, or is a list or mapping.", "Write  name: value ."),
    Entry("H012", "nested too deeply", "Lists and mappings are nested deeper than 40 levels.", "Close the brackets; a blueprint needs six levels at most."),
    Entry("H013", "expands too far", "Anchors and aliases expand to more than 20,000 values, as in a file made to fill memory.", "Write the content out.", "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]"),
    Entry("H014", "more than one document", "The file goes on after a line of three dashes. A blueprint is one document.", "Remove the line, or put the second document into a file of its own.", "name: shop\n---\nname: blog"),
    Entry("H015", "alias without anchor", "An alias (*name) has no anchor (&name) above it, or stands inside of its own anchor.", "Correct the name, or quote the text if a star was meant.", "path: *app"),
    Entry("H016", "tag", "The value has a YAML tag such as !Ref or !!python/object. A blueprint has none; CloudFormation functions belong under overrides in their long form.", "Leave the tag out, and quote text that starts with an exclamation mark.", "value: !Ref Vpc"),
    Entry("H017", "number with leading zero", "Programs differ in whether this is a decimal or an octal number.", "Quote it when it is text, drop the zero when it is a number.", "port: 0800"),
    Entry("H018", "merge key", "The merge key << takes a mapping or a list of mappings, most often an alias.", "Write  <<: *anchor .", "web:\n  <<: 5"),
    Entry("H019", "not a mapping", "The file is a list or a single value. A blueprint has keys such as name and services.", "Start with  hivemind: 1 .", "- web"),
)  # fmt: skip
