"""Which names say that what they hold is a secret: keys of a context, headers, query parameters, variables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


WORDS = _set(
    """
    password passwords passwd passphrase passcode passkey pwd pswd pw psk
    kennwort
    senha senhas palavrapasse contrasena
    secret secrets segredo segredos secreto secreta
    token key login chave
    credential credentials cred creds credencial credenciais
    authorization cookie cookies jwt bearer signature sig
    apikey apitoken authkey authtoken accesskey accesstoken refreshtoken secretkey privatekey privkey clientsecret
    sessionid sessionkey csrftoken csrfmiddlewaretoken phpsessid jsessionid
    cvv cvc pin otp totp
    """
)
"""Words that make a name sensitive, in English and Portuguese; each is matched as a whole word of the name."""
PAIRS = frozenset(
    {
        ("session", "id"),
        ("card", "number"),
        ("account", "sid"),
        ("webhook", "url"),
        ("hook", "url"),
        ("palavra", "passe"),
        ("x", "auth"),
        ("security", "code"),
        ("verification", "code"),
        ("recovery", "code"),
        ("mfa", "code"),
        ("codigo", "seguranca"),
        ("codigo", "verificacao"),
        ("mot", "passe"),
        ("seed", "phrase"),
        ("recovery", "phrase"),
        ("security", "answer"),
        ("backup", "code"),
        ("recovery", "codes"),
        ("backup", "codes"),
    }
)
"""Two words in a row that do."""
_IN_CODE = frozenset(
    {
        # RFC 6749, 7521, 7636 and 8628, OAuth 1, SAML
        ("auth", "code"),
        ("authorization", "code"),
        ("client", "assertion"),
        ("code", "verifier"),
        ("device", "code"),
        ("oauth", "verifier"),
        ("saml", "response"),
        ("connect", "sid"),
        ("laravel", "session"),
        *((kind, "keys") for kind in ("api", "access", "secret", "private", "encryption", "signing", "fernet")),
        *((kind, "tokens") for kind in ("api", "access", "auth", "refresh", "bearer")),
    }
)
"""The same in names that are one word of code, and not in "SAML response: invalid"."""
_HARMLESS = frozenset(
    {
        ("primary", "key"),
        ("foreign", "key"),
        ("public", "key"),
        ("cache", "key"),
        ("sort", "key"),
        ("partition", "key"),
        ("palavra", "chave"),  # a keyword
        ("last", "login"),
    }
)
"""Two words in a row of which the second tells no secret."""
_ABOUT = _set(
    """
    error errors exception warning failure failed invalid expired missing required reset
    type count length size ttl age expiry expires lifetime attempts
    at enabled disabled validator validators field policy form view page status
    """
)
"""A name that ends so tells something about a secret, and not the secret: ``KeyError``, ``token_type``."""
_ENDINGS = ("password", "passwd", "passphrase")
"""Written together with what it is the password of (``dbpassword``), this is still one."""
_TOGETHER = _set("dbpass dbpwd userpass userpwd rootpw adminpw sshpass passwort")
"""The same with endings that other words have as well: "bypass", ``OLDPWD``."""
VAGUE = frozenset({"pass", "auth", "csrf", "xsrf"})
"""Last words of names that are one word of code (``SMTP_PASS``), and not the end of two words of a sentence."""

_ACCENTED = frozenset({"contraseña", "segurança", "verificação"})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


_PLAIN = str.maketrans("áàâãéêíóôõúüçñÁÀÂÃÉÊÍÓÔÕÚÜÇÑ", "aaaaeeiooouucnAAAAEEIOOOUUCN")
_BETWEEN = frozenset({"de", "do", "da"})
"""``código de segurança``."""


def words_of(name: str) -> tuple[str, ...]:
    """``dbPassword``, ``DB-PASSWORD`` and ``db.password`` are the words ``db`` and ``password``."""
    found = tuple(word.lower() for word in _WORD.findall(name.translate(_PLAIN)))
    return tuple(word for word in found if word not in _BETWEEN) if len(found) > 2 else found


def is_vague(name: str) -> bool:
    """Does *name* say so by a word that is as often a thing's own name, such as that of an app?"""
    return words_of(name)[-1:] in {(word,) for word in VAGUE}


class Names:
    """The judgement over names, remembered; *more* are names of the user's, which count wherever their words stand."""

    def __init__(self, more: Iterable[str] = ()) -> None:
        self._more = tuple(words for words in map(words_of, more) if words)
        self.is_sensitive = lru_cache(maxsize=4096)(self._judge)

    @property
    def more_hints(self) -> frozenset[str]:
        """Texts in lower case of which every name of the user's has one."""
        return frozenset(words[-1] for words in self._more)

    @property
    def hints(self) -> frozenset[str]:
        """Texts in lower case of which every sensitive name has one."""
        return WORDS | _ACCENTED | VAGUE | {second for _, second in PAIRS | _IN_CODE} | {*_ENDINGS} | self.more_hints

    def _judge(self, name: str) -> bool:
        words = words_of(name)
        if any(words[at : at + len(each)] == each for each in self._more for at in range(len(words))):
            return True
        if not words or words[-1] in _ABOUT:
            return False
        if " " not in name.strip() and words[-1] in VAGUE:
            return True
        if words[-2:] in _IN_CODE and words_of(name.rsplit(maxsplit=1)[-1])[-2:] in _IN_CODE:
            return True
        pairs = (("", words[0]), *pairwise(words))
        return any(
            pair in PAIRS
            or ((pair[1] in WORDS or pair[1] in _TOGETHER or pair[1].endswith(_ENDINGS)) and pair not in _HARMLESS)
            for pair in pairs
        )


is_sensitive = Names().is_sensitive
"""Does a key of this name hold a secret? ``dbPassword``, ``X-Api-Key`` and ``senha`` do, ``tokenizer`` does not."""
