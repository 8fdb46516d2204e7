"""Errors that a user can act on."""


class InputError(Exception):
    """Model, plan, windows or options are at fault; the message says what was found and what is allowed, in one line."""


class Cancelled(Exception):
    """The request was cancelled."""
