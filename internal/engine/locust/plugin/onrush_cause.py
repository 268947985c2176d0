"""Says in one of the agent's words why a request failed."""

import errno
import re
import socket
import ssl

# The agent knows these by their places; see causes in stream.go.
OTHER, DNS, REFUSED, CONNECT, TLS, RESET, CLOSED, TIMEOUT, MALFORMED, STATUS, CHECK, REDIRECT = range(12)

# By the name of the exception's class or of a class above it, as the clients
# that come with Locust, and grpc and websocket ones, have them.
BY_NAME = {
    "CatchResponseError": CHECK,
    "ResponseError": CHECK,
    "AssertionError": CHECK,
    "LocustBadStatusCode": STATUS,
    "HTTPError": STATUS,
    "TooManyRedirects": REDIRECT,
    "RetriesExceeded": OTHER,
    "NameResolutionError": DNS,
    "NewConnectionError": CONNECT,
    "ConnectTimeout": TIMEOUT,
    "ReadTimeout": TIMEOUT,
    "ReadTimeoutError": TIMEOUT,
    "ConnectTimeoutError": TIMEOUT,
    "WebSocketTimeoutException": TIMEOUT,
    "Timeout": TIMEOUT,
    "SSLError": TLS,
    "RemoteDisconnected": CLOSED,
    "IncompleteRead": CLOSED,
    "HTTPConnectionClosed": CLOSED,
    "WebSocketConnectionClosedException": CLOSED,
    "ChunkedEncodingError": CLOSED,
    "ProtocolError": CLOSED,
    "BadStatusLine": MALFORMED,
    "LineTooLong": MALFORMED,
    "HTTPParseError": MALFORMED,
    "ContentDecodingError": MALFORMED,
    "DecodeError": MALFORMED,
}

BY_ERRNO = {
    errno.ECONNREFUSED: REFUSED,
    errno.ECONNRESET: RESET,
    errno.EPIPE: RESET,
    errno.ECONNABORTED: RESET,
    errno.ETIMEDOUT: TIMEOUT,
    errno.EHOSTUNREACH: CONNECT,
    errno.ENETUNREACH: CONNECT,
    errno.EADDRNOTAVAIL: CONNECT,
}


def cause_of(exception):
    """The cause of an exception, or of the one that it came from."""
    seen = 0
    found = OTHER
    while exception is not None and seen < 8:
        cause = one(exception)
        if cause in (CHECK, STATUS):
            return cause
        if cause != OTHER:
            found = cause
            if cause not in (CONNECT, CLOSED):  # what lies below may know better
                return cause
        if not isinstance(exception, BaseException):
            break
        exception = exception.__cause__ or exception.__context__ or inner(exception)
        seen += 1
    return found


def inner(exception):
    """The exception that another one holds as its argument, as requests does."""
    for argument in (getattr(exception, "reason", None), *getattr(exception, "args", ())):
        if isinstance(argument, BaseException):
            return argument
    return None


def one(exception):
    if type(exception).__name__ == "RemoteDisconnected":  # which is a ConnectionResetError, too
        return CLOSED
    if isinstance(exception, socket.gaierror):
        return DNS
    if isinstance(exception, ssl.SSLError):
        return TLS
    if isinstance(exception, (socket.timeout, TimeoutError)):
        return TIMEOUT
    if isinstance(exception, OSError) and exception.errno in BY_ERRNO:
        return BY_ERRNO[exception.errno]
    if isinstance(exception, ConnectionRefusedError):
        return REFUSED
    if isinstance(exception, ConnectionResetError):
        return RESET
    if isinstance(exception, str):  # old clients report a text
        return OTHER
    for kind in type(exception).__mro__:
        if kind.__name__ in BY_NAME:
            return BY_NAME[kind.__name__]
    return OTHER


ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def text_of(exception):
    """A message for people, without what differs from one object to the next."""
    if isinstance(exception, str):
        text = exception
    else:
        text = f"{type(exception).__name__}: {exception}" if str(exception) else type(exception).__name__
    return ADDRESS.sub("", text).replace("\n", " ")
