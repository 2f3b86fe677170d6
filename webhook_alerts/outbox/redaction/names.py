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
    password passwords passwd passphrase passcode pwd pw
    senha senhas palavrapasse contrasena
    secret secrets segredo segredos secreto secreta
    token key login chave
    credential credentials credencial credenciais
    authorization cookie cookies jwt bearer signature sig
    apikey apitoken authkey authtoken accesskey accesstoken refreshtoken secretkey privatekey clientsecret
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
    }
)
"""Two words in a row that do."""
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

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words_of(name: str) -> tuple[str, ...]:
    """``dbPassword``, ``DB-PASSWORD`` and ``db.password`` are the words ``db`` and ``password``."""
    return tuple(word.lower() for word in _WORD.findall(name.replace("ñ", "n")))


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
        return WORDS | {"contraseña"} | {second for _, second in PAIRS} | {*_ENDINGS} | self.more_hints

    def _judge(self, name: str) -> bool:
        words = words_of(name)
        if any(words[at : at + len(each)] == each for each in self._more for at in range(len(words))):
            return True
        if not words or words[-1] in _ABOUT:
            return False
        pairs = (("", words[0]), *pairwise(words))
        return any(
            pair in PAIRS or ((pair[1] in WORDS or pair[1].endswith(_ENDINGS)) and pair not in _HARMLESS)
            for pair in pairs
        )


is_sensitive = Names().is_sensitive
"""Does a key of this name hold a secret? ``dbPassword``, ``X-Api-Key`` and ``senha`` do, ``tokenizer`` does not."""
