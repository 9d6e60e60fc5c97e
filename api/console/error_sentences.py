"""Sentences of failures in the language of a page: the API states them in English."""

from __future__ import annotations

import re
from functools import cache

from .translations import translated

# English sentences with names in braces for values; each has an entry in the catalogue.
SENTENCES = (
    "there is no such page",
    "there is no such file",
    "there is no alert {number}",
    "there is no watch {watch}",
    "there is no silence {number}",
    "there is no event {event}",
    "there is no bundle {version}; there are: {known}",
    "there is no key {key}",
    "there is no run {run}",
    "there is no topic {topic}",
    "there is no item {item}",
    "there is no user {user}",
    "there is no {what} of this id: {value}",
    "there is no {what} of this id",
    "there is no language {chosen} here; there are: {known}",
    "no group stands out on the item {item}",
    "this user has no event {event}",
    "{kind} {id} does not stand out any more",
    "the query has {count} characters, {most} are allowed",
    "the query has {count} conditions, {most} are allowed",
    "query, character {place}: a quotation mark is not closed",
    "query, {where}: {what}",
    "unknown parameter: {name}; is {meant} meant?",
    "unknown parameter: {name}",
    "watch {id} has the name {name} already",
    "what you typed is not the name of the watch; nothing was removed",
    "a silence is for a watch or for a group, not for both",
    "there are {count} watches, the most there may be: remove some",
    "this needs {roles}; the key has {held}",
    "this form has expired, or was not sent by the console: open its page again",
    "the store cannot be reached; nothing was written",
    "the store, which holds the keys, cannot be reached",
    "other writers keep the store busy; nothing was written",
    "an error on our side; the log has it under this request id",
    "{field}: Field required",
    "{field}: Input should be greater than or equal to {least}",
    "{field}: Input should be less than or equal to {most}",
    "{field}: String should have at most {most} characters",
    "{field}: String should have at least {least} characters",
    "{field}: Input should be {what}",
)
_NAME = re.compile(r"\\\{(\w+)\\\}")


def error_sentence(message: str, language: str) -> tuple[str, bool]:
    """Return a failure's sentence in a language, and whether it is in that language.

    Those that the catalogue does not know stay English.
    """
    if language == "en":
        return message, True
    for pattern, key in _patterns():
        if found := pattern.fullmatch(message):
            text = translated(key, language, **found.groupdict())
            return text, text != message
    return message, False


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple(
        (re.compile(_NAME.sub(r"(?P<\1>.+?)", re.escape(key)), re.DOTALL), key) for key in SENTENCES
    )
