"""Secrets that a sentence tells, "the password is hunter2", told apart from what it says about them: "is required".

In English and Portuguese. A word of letters alone is taken for a secret only where a password is spoken of, where
the clause ends with it and where it is no adjective that such sentences end with.
"""

from __future__ import annotations

import re
import string

from webhook_alerts.outbox.redaction.names import words_of

_VERBS = (" is ", " was ", " to ", " are ", " é ", " foi ", " era ", " para ")
SUBJECTS = (
    *("pass", "pw", "token", "key", "secret", "login", "cred", "auth", "cookie", "session", "senha", "chave", "segred"),
    *("contrase", "bearer", "jwt", "cvv", "cvc", "pin ", "otp", "sid ", "sig ", "signature", "card number", "hook"),
    *("csrf", "code", "seguran", "verifica", "psk", "pswd", "kennwort", "phrase", "answer"),
)
"""One of these stands in every text with a sensitive name before a verb; shorter than their list in full."""
_TO = r"(?:(?:re)?set|changed|updated|(?:re)?definid[ao]|alterad[ao]|mudad[ao]|trocad[ao]) (?:to|para)"
VERB = (
    r"(?=(?P<prose>[\"'`]?(?: (?:for|of|do|da|de|para)(?: [^\s,;:=]{1,40}){1,3}?)? {1,4}"
    rf"(?:(?:is|was|are|é|era|foi)(?: (?:now|still|actually|agora|{_TO}))?|(?:(?:has|have) been )?{_TO})"
    r" {0,2}:? {1,4})\S)"
)
"""What stands between the name and the secret, in lower case; nothing of it is consumed."""
QUALIFIED = (
    r"(?P<qualified> (?:(?:de|do|da|of|for) [\w.-]{1,40}(?: [\w.-]{1,40}){0,2}?"
    r"|(?:incorret|inv[áa]lid|errad|nov|antig|secret|expirad|tempor[áa]ri|provis[óo]ri)[ao]|atual|mestra|padr[ãa]o)"
    r" ?[:=](?![:=]) {0,4})"
)
"""More of a name that is said in words, and the sign after it: ``senha incorreta:``, ``token de acesso =``."""
_SHORTEST = 6
"""Characters of a secret that nothing but white space parts from its name."""
_TOLD = re.compile(
    r"\\{0,8}\"(?P<double>(?:[^\"\\\n]|\\(?!\"))++)|'(?P<single>(?:[^'\n]|'(?=\w))++)|`(?P<back>[^`\n]++)|“(?P<curly>[^”\n]++)"
    # A comma or a semicolon may be a part of it, unless white space follows.
    r"|(?P<bare>(?:[^\s,;()\[\]{}<>\"`“”]|[,;](?=\w))++)"
)
_AFTER = 20
"""Characters that are looked at after a secret, for what it may be a measure of."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_ABOUT = _set(
    """
    wrong bad weak strong old new same right ok okay fine good safe empty blank null none nil unset set reset unique
    correct incorrect exact short long simple easy hard public plain plaintext clear gone lost there here missing
    valid invalid longer shorter stronger weaker newer older either other
    unknown known equal true false undefined not mandatory default yes no secure insecure pure stale fresh live dead
    needed up down on off in out back ready open closed shut hidden broken stolen forgotten given taken written shown
    undecodable unlike enough below above again now today yesterday tomorrow anymore yet it that this them mine yours
    text string number int integer bytes str object list dict tuple
    errada errado fraca fraco forte curta curto longa longo vazia vazio nula nulo igual diferente nova novo velha velho
    antiga antigo certa certo correta correto incorreta incorreto secreta secreto comum segura seguro insegura inseguro
    ruim boa bom simples padrão mesma mesmo outra outro aqui essa esta isso hoje ontem sua minha
    """
)
_ABOUT_ENDINGS = tuple(
    _set(
        """
        ed osen ing ory al able ible ent ant ive ous ful less ly ary ic ken ten ure ect
        ada ado ada ida ido ória ório ária ário ável ível ente ante ica ico iva ivo
        adas ados idas idos oria orio aria ario
        """
    )
)
"""Of adjectives and participles."""
_UNIT = re.compile(
    r"[ \t-]?(?:%|(?:char|bit|byte|digit|letter|symbol|word|time|day|hour|minute|second|week|month|year|ms|min|s|h|d)"
    r"|caracter|d[íi]gito|letra|palavra|vez|dia|hora|minuto|segundo|semana|m[êe]s|ano|or |of |out |to |ou |de |a )",
    re.IGNORECASE,
)
_COUNT = re.compile(r"-?[0-9]{1,3}")
"""Too short for a token or a key, not for a password or a code of a card."""
_NUMBER = re.compile(r"[0-9]{1,4}(?:[-–.][0-9]{1,4})?")
_NAMED = re.compile(
    # A measure, a date, a time, a version, the name of an algorithm or an encoding.
    r"[0-9]{1,4}-?(?:bits?|bytes?|char(?:acter)?s?|digits?|days?|hours?|ms|min|[smhd%]|st|nd|rd|th)"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}.*|[0-9]{1,2}:[0-9]{2}.*|v[0-9.]+"
    r"|(?:sha|md|base|utf|aes|hs|rs|es|ed|x|oauth|argon|rsa|hmac|ascii|latin|pbkdf|http/)[0-9-]{1,6}[a-z]{0,3}|%.*",
    re.IGNORECASE,
)
_END = re.compile(r"[.!?…]*(?:[,;)\n\"'`\\]|\s*\Z|[.!?…]\s|[ \t](?:and|but|for|e|mas|para)\b)", re.IGNORECASE)
_PASSWORDS = _set(
    "password passwd passphrase passcode pwd senha palavrapasse passe contrasena apikey apitoken authtoken"
)
_CODES = _set("pin otp totp cvv cvc")
_SECOND = {"key": _set("api access secret"), "token": _set("api access auth refresh bearer"), "secret": _set("client")}
"""Words that make a password's equal of a word that has other meanings."""
_BEHIND = re.compile(r"(?:pass(?:word|wd|phrase|code)|senha|pwd|token|secret|(?:api|access|secret)[ _-]key)[ \t]")
_IN_BRACKETS = frozenset(".=")
_RANDOM = re.compile(
    r"\\{0,8}[\"'`]?(?P<value>(?=[A-Za-z_-]{0,60}[0-9])(?=[0-9_-]{0,60}[A-Za-z])[\w+=-]{16,200})(?![\w./:-]*[/:.]\w)"
)
"""A token, and no date, path or name of code."""
_UNLIKE_A_WORD = frozenset(string.digits + "!@#$%^*+~|\\=")
_LONG = 16
"""Letters of a word that is too long to be one."""


def may_stand_behind(lower: str) -> bool:
    """May ``behind`` find something in *lower*? Most texts have none of these letters."""
    if "pass" in lower or "senha" in lower or "key" in lower or "token" in lower or "secret" in lower or "pwd" in lower:
        return _BEHIND.search(lower) is not None
    return False


def may_tell(lower: str, subjects: tuple[str, ...]) -> bool:
    """May ``VERB`` match in *lower*, after one of *subjects*? Loops, since this is asked of every text."""
    for verb in _VERBS:
        if verb in lower:
            break
    else:
        return False
    for subject in subjects:  # noqa: SIM110
        if subject in lower:
            return True
    return False


def told(text: str, at: int, name: str) -> tuple[int, int] | None:
    """From where to where the secret of *name* goes that a sentence tells at *at*, or ``None`` where it tells none."""
    found = _TOLD.match(text, at)
    if found is None:
        return None
    start, end = found.span(found.lastgroup or 0)
    if found["bare"]:
        end = start + len(found["bare"].rstrip(".,;:!?…'’"))
    value = text[start:end].strip("*_")  # emphasis: "is *not* read"
    if "[redacted:" in value or not any(map(str.isalnum, value)) or value.lower() in _ABOUT:
        return None
    secret = _is_secret(value, text[end : end + _AFTER], name, bare=bool(found["bare"]))
    return (start, end) if secret else None


def behind(text: str, at: int, name: str) -> tuple[int, int] | None:
    """From where to where a password goes that stands right behind its *name*: ``invalid password 'x'``."""
    words = words_of(name)
    if not _is_password(words):
        random = _RANDOM.match(text, at) if words[-1] in ("token", "secret") else None
        return random.span("value") if random else None
    span = told(text, at, name)
    if span is None or text[at] in "\"'`“\\":
        return span
    value = text[slice(*span)]
    # What has these signs in brackets or behind a dash is a limit, an address or a name of code.
    if text[at - 1] not in " \t" and not _IN_BRACKETS.isdisjoint(value):
        return None
    return span if len(value) >= _SHORTEST and not value.isalpha() else None


def _is_secret(value: str, after: str, name: str, *, bare: bool) -> bool:
    if value.isalpha() and value.lower().endswith(_ABOUT_ENDINGS):
        return False
    if not bare:
        return not value.startswith("%")
    words = words_of(name)
    if _COUNT.fullmatch(value) and not (_is_password(words) or words[-1] in _CODES):
        return False
    if not _UNLIKE_A_WORD.isdisjoint(value):
        return not (_NAMED.fullmatch(value) or (_NUMBER.fullmatch(value) and _UNIT.match(after)))
    if not value.isalpha():
        return False
    return len(value) >= _LONG or (_is_password(words) and _END.match(after) is not None)


def _is_password(words: tuple[str, ...]) -> bool:
    last = words[-1] if words else ""
    return last.endswith(tuple(_PASSWORDS)) or (len(words) > 1 and words[-2] in _SECOND.get(last, ()))
