"""Passwords among the arguments of commands, in a line or in a list, and in files of two or three words a line."""

from __future__ import annotations

import re

from webhook_alerts.outbox.redaction.form import Form

_OPTION = r"(?<=['\" ])"
_NEXT = r"['\" ,=]{1,4}(?P<value>[^\s'\"]{1,200})"
_GLUED = r"['\"]?(?P<value>(?!,)[^\s'\"]{1,200})"

OPTIONS = (
    # curl and others; what takes two numbers is docker
    *(
        Form(
            hint,
            re.compile(
                rf"(?<![\w-])(?:(?:{option}|--(?:proxy-)?user)(?:[ =]|['\"], ?)|(?<![^\s'\"]){option})['\"]?"
                r"[^\s:'\"/=,]{1,100}:(?P<value>(?!\d{1,6}\b)[^\s'\"]{1,200})"
            ),
        )
        for hint, option in (("-u", "-u"), ("-U", "-U"))
    ),
    Form("-p", re.compile(rf"\b(?:mysql|mariadb)[\w-]{{0,8}}(?=['\" ])[^\n]{{0,300}}?{_OPTION}-p{_GLUED}")),
    Form("sshpass", re.compile(r"\bsshpass['\" ,]{1,4}-p['\" ,]{0,4}(?P<value>[^\s'\"]{1,200})")),
    Form("redis-cli", re.compile(rf"\bredis-cli(?=['\" ])[^\n]{{0,200}}?{_OPTION}-a{_NEXT}")),
    # Where ``-p`` is no port
    Form(
        "-p",
        re.compile(
            r"\b(?:(?:docker|podman|helm|oc|az)(?=['\" ])[^\n]{0,100}?\blogin|mongo(?:sh|dump|restore)?|twine)"
            rf"(?=['\" ])[^\n]{{0,300}}?{_OPTION}-p{_NEXT}"
        ),
    ),
    Form("ldap", re.compile(rf"\bldap[a-z]{{3,10}}(?=['\" ])[^\n]{{0,300}}?{_OPTION}-w{_NEXT}")),
    Form("zip", re.compile(rf"\b(?:un)?zip(?=['\" ])[^\n]{{0,100}}?{_OPTION}-P{_NEXT}")),
    Form("-pass", re.compile(r"-pass(?:in|out)?['\" ,]{1,4}pass:(?P<value>[^\s'\"]{1,200})")),
    # https://httpie.io/docs/cli/basic-auth
    Form("-a", re.compile(r"\bhttps?(?=['\" ])[^\n]{0,100}? -a [\"']?[^\s:\"'/]{1,100}:(?P<value>[^\s\"']{1,200})")),
)
ADDRESSES = (
    # https://docs.oracle.com/en/database/oracle/oracle-database/23/jjdbc/data-sources-and-URLs.html
    Form("oracle:", re.compile(r"\bjdbc:oracle:\w{1,10}:[^\s/@:\"']{1,100}/(?P<value>[^\s@\"']{1,200})(?=@)")),
    Form("sqlplus ", re.compile(r"\bsqlplus [^\s/@:\"']{1,100}/(?P<value>[^\s@\"']{1,200})(?=@)")),
)
FILES = (
    # https://www.gnu.org/software/inetutils/manual/html_node/The-_002enetrc-file.html
    Form(
        "login",
        re.compile(
            r"\b(?:machine\s{1,8}\S{1,200}|default)(?:\s|\\n){1,8}login\s{1,8}\S{1,200}(?:\s|\\n){1,8}password\s{1,8}"
            r"(?P<value>[^\s\\\"']{1,200})"
        ),
    ),
    Form("requirepass", re.compile(r"\brequirepass['\" ,]{1,4}(?P<value>[^\s'\"]{1,500})")),
)
