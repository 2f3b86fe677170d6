"""Secrets in many notations go through a logger and come out of what is published without them.

``§`` stands for the secret. Ordinary texts that look alike stay as they are.
"""

from __future__ import annotations

import json
import logging
from base64 import b64encode

import pytest

from webhook_alerts import notify
from webhook_alerts.handlers import WebhookAlertHandler
from webhook_alerts.outbox.redaction import Redactor
from webhook_alerts.testing.outbox import override_alerts

SECRETS = ["hunter2", "tr0ub4dor!3", b64encode(b"ana:hunter2hunter").decode(), "0a1b2c3d4e5f6789" * 2]


def in_message(log, text):
    log.error("got:\n%s", text)


def in_repr(log, text):
    log.error("got %r", text)


def in_json(log, text):
    log.error("got %s", json.dumps({"body": text}, ensure_ascii=False))


def in_context(log, text):
    notify.error("x", detail={"deep": [{"text": (text,)}], text: 1})


def in_trace(log, text):
    try:
        raise ValueError(text)
    except ValueError:
        log.exception("failed", extra={"body": text})


WAYS = [in_message, in_repr, in_json, in_context, in_trace]

EVERYWHERE = {
    "yaml": [
        "password: |\n  §\n",
        "password: |-\n  §\nuser: ana\n",
        "db:\n  password: >\n    §\n  host: x\n",
        "- password: |2+\n    §\n",
        "password: |\r\n  §\r\n",
        "password:\n  §\n",
        "config:\n    api_key: |\n        first line\n        §\n    x: 1",
        "secrets:\n  - §\n",
        "password: |  # of the shop\n  §",
        "token: !!str §",
        "password: &anchor §",
        "password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  §\n",
    ],
    "sql": [
        "INSERT INTO users (name, password) VALUES ('ana', '§')",
        "INSERT INTO users (password, name) VALUES ('§', 'ana')",
        'insert into "users" ("name", "password") values (\'ana\', \'§\') returning id',
        "INSERT INTO `users` (`name`, `password`) VALUES ('ana', 'x'), ('bob', '§')",
        "INSERT INTO users (name, password) VALUES ('a, b', '§')",
        "INSERT INTO users (name, api_key, n) VALUES ('it''s', '§', 3)",
        "INSERT INTO users(name,password)VALUES(lower('ana'),'§')",
        "INSERT INTO users (name,\n password)\nVALUES ('ana',\n '§')",
        "REPLACE INTO t (id, token) VALUES (1, '§')",
        "INSERT INTO users (name, password) VALUES ('ana', '§",
        "[SQL: INSERT INTO users (name, password) VALUES (?, ?)]\n[parameters: ('ana', '§')]",
        "[SQL: UPDATE users SET password=? WHERE users.id = ?]\n[parameters: ('§', 1)]",
        '(0.001) INSERT INTO "u" ("name", "password") VALUES (%s, %s); args=(\'ana\', \'§\')',
        "CREATE USER ana IDENTIFIED BY '§'",
        "IDENTIFIED WITH mysql_native_password BY '§'",
    ],
    "sign in": [
        "GET /callback?code=§&state=xyz",
        "https://app.example.com/oauth/callback?state=x&code=§",
        "/accounts/google/login/callback/?code=§",
        "https://app.example.com/login?ticket=§",
        "grant_type=authorization_code&code=§&redirect_uri=x",
        "code=§&grant_type=authorization_code",
        "grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer&assertion=§",
        "next=https%3A%2F%2Fx%2Fcallback%3Fcode%3D§%26state%3Dy",
        *(
            f"{name}=§&x=1"
            for name in (
                *("client_assertion", "SAMLResponse", "refresh_token", "id_token", "device_code", "code_verifier"),
                *("auth_code", "oauth_verifier", "subject_token", "backup_code", "_xsrf", "connect.sid"),
            )
        ),
        "recovery codes: §",
    ],
    "pairs": [
        "('password', ['§'])",
        "[('password', [b'§'])]",
        "('password', ('§',))",
        "password[]=§",
        "password: null -> §",
        "password ==> §",
        "a: 1\nsecret: §",
        "a: 1\ncookie: §",
        "www-authenticate: x\nauthorization: §\n",
        *(f"{name}=§" for name in ("DBPASS", "userpass", "adminpw", "pswd", "wpa_psk", "passkey", "privkey", "creds")),
        *(f"{name}=§" for name in ("api_keys", "FERNET_KEYS", "access_tokens", "seed_phrase", "security_answer")),
    ],
    "headers": [
        "Authorization: SharedKey account:§",
        "Authorization: Custom §",
        "Stripe-Signature: t=1,v1=§",
        "<RequestsCookieJar[<Cookie shop=§ for x/>]>",
    ],
    "commands": [
        "curl -uana:§ https://x",
        "curl -U ana:§ x",
        "mysqldump -u root -p'§' shop",
        "SSHPASS=§ sshpass -e",
        "docker login -u ana -p §",
        "mongosh -u a -p §",
        "twine upload -u a -p §",
        "ldapsearch -D cn=x -w §",
        "zip -P § f",
        "openssl x -passin pass:§",
        "http -a ana:§ x",
        "sqlplus ana/§@h",
        "jdbc:oracle:thin:ana/§@h:1521:d",
        "requirepass §",
        "credentials ana:§",
        "HTTPBasicAuth('ana', '§')",
        "smtp.login('ana', '§')",
        "user.set_password('§')",
    ],
    "kubernetes": [
        "kind: Secret\ndata:\n  username: YW5h\n  cert: §\n",
        "apiVersion: v1\ndata:\n  config: §\nkind: Secret\n",
        "kind: Secret\nstringData:\n  dsn: §\n",
        '{"kind": "Secret", "data": {"x": "§"}}',
        '{"apiVersion":"v1","data":{"x":"§"},"kind":"Secret"}',
        "{'kind': 'Secret', 'data': {'x': '§'}}",
        "env:\n  - name: DB_PASSWORD\n    value: §\n",
    ],
    "markup": [
        '<input type="password" value="§">',
        '<input name="password"\n  value="§">',
        '<add key="DbPassword" value="§"/>',
        '<property name="password">§</property>',
        '<string name="api_key">§</string>',
        '<attribute name="password"><value>§</value></attribute>',
        '<meta name="csrf-token" content="§">',
        '<meta content="§" name="csrf-token">',
        "&lt;password&gt;§&lt;/password&gt;",
        "&quot;password&quot;: &quot;§&quot;",
        "&#x27;password&#x27;: &#x27;§&#x27;",
        "\\u003cpassword\\u003e§\\u003c/password\\u003e",
        "{\\u0022password\\u0022:\\u0022§\\u0022}",
        "<key>password</key>\n<string>§</string>",
        '<th>Password</th>\n<td class="x">§</td>',
        "<member><name>password</name><value><string>§</string></value></member>",
        "<Password><b>§</b></Password>",
        "<b>password</b>: §",
        "<code>password</code> = <code>§</code>",
        "**Password:** §",
        "*password*: §",
    ],
    "objects": [
        '{"value": "§", "name": "password"}',
        '{"field": "password", "value": "§"}',
        '{"field": "password", "input": "§"}',
        '{"name": "password", "type": "string", "value": "§"}',
        '{"Key": "password", "Value": "§"}',
        "{'name': 'DB_PASSWORD',\n 'value': '§',\n 'value_from': None}",
        '{"loc": ["body", "password"], "msg": "too short", "input": "§"}',
        "{'type': 'x', 'loc': ('password',), 'msg': 'x', 'input': '§'}",
        '{"op": "replace", "path": "/password", "value": "§"}',
        '{"credentials": {\n  "user": "ana",\n  "other": "§"\n}}',
        "%7B%22password%22%3A%20%22§%22%7D",
        "password=a%26§",
        "odbc_connect=DRIVER%3D%7Bx%7D%3BPWD%3D§%3BUID%3Dana",
    ],
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("text", [text for texts in EVERYWHERE.values() for text in texts])
def test_no_secret_is_published(text, way):
    log = logging.Logger("shop")
    log.addHandler(WebhookAlertHandler())
    for secret in SECRETS:
        with override_alerts(DEDUP_WINDOW=0) as box:
            way(log, text.replace("§", secret))
        assert box
        told = json.dumps([alert.to_dict() for alert in box], ensure_ascii=False)
        assert secret not in told
        assert "[redacted:" in told


HARMLESS = [
    "code=404",
    "GET /shop/cart?code=SUMMER20 200",
    "/callback?error=access_denied&code=access_denied",
    "https://example.com/login?code=404&next=/",
    "grant_type=password was refused: code=invalid_grant",
    "status code 500, exit code: 1, country_code=BR, code: 7f",
    "SAML response: invalid signature",
    "the password is required",
    "password (optional)",
    "password (8-64)",
    "password (max_length=128)",
    "the field password (auth.User.password) clashes",
    "Reset password - example.com",
    "token expired",
    "pass through, pass: 12",
    "KeyError: token 'orders' not found",
    "invalid token at line 12: '<'",
    "token 2024-01-01T10:00:00 is old",
    "secret shop/settings/production1.py is missing",
    "Login:\n  1. open the page\n  2. say who you are\n",
    "Password:\n  This field is required.",
    "if token:\n    refresh()",
    "class Signature:\n    x: int",
    "Key:\n---\n  ^^^\n",
    "token: \nsecond: line",
    "INSERT INTO users (name, email) VALUES ('ana', 'ana@example.com')",
    "INSERT INTO users (name, password) VALUES (%s, %s)",
    "INSERT INTO users (name, password) VALUES (:name, NULL)",
    "[SQL: SELECT id, password FROM users WHERE id = ?]\n[parameters: (7,)]",
    "[SQL: INSERT INTO orders (number) VALUES (?)]\n[parameters: (7,)]",
    "run(args=('ana', 7))",
    "kind: ConfigMap\ndata:\n  color: blue\n",
    "kind: Secretary\ndata:\n  color: blue\n",
    "('password', ['This field is required.'])",
    "('password', ['token'])",
    '{"name": "color", "type": "string", "value": "blue"}',
    '{"loc": ["body", "email"], "msg": "too short", "input": "x"}',
    '{"op": "replace", "path": "/color", "value": "blue"}',
    '<input type="text" name="comment" value="hello">',
    '<a name="top">hello</a>',
    "<td>Total</td><td>12.50</td>",
    "<th>Password</th><th>Last login</th>",
    "reset/(?P<uidb64>[^/]+)/(?P<token>[^/]+)\\Z",
    "path('reset/<uidb64>/<token>/')",
    "view[:unread] = view[-unread:]",
    "docker run -p 8080:80 --user 1000:1000 image",
    "ls -u a: b, mail -u",
    "login page: open, credentials: none",
    "if token[0] == '_': return",
    "api keys are listed below",
    "np.add(a, b, signature=None, casting='unsafe')",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays(text):
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("db:\n  password: |\n    §\n  host: x\n", "db:\n  password: |\n    [redacted:secret]\n  host: x\n"),
        (
            "INSERT INTO u (a, token) VALUES (1, '§'), (3, '§') RETURNING a",
            "INSERT INTO u (a, token) VALUES (1, '[redacted:secret]'), (3, '[redacted:secret]') RETURNING a",
        ),
        (
            "[SQL: UPDATE u SET token=? WHERE id = ?]\n[parameters: ('§', 1)]\n(see /e/gkpj)",
            "[SQL: UPDATE u SET token=? WHERE id = ?]\n[parameters: [redacted:row]]\n(see /e/gkpj)",
        ),
        ("GET /callback?state=a&code=§&x=1 302", "GET /callback?state=a&code=[redacted:secret]&x=1 302"),
        ("kind: Secret\ndata:\n  a: §\n  b: §\ntype: x", "kind: Secret\ndata:\n  [redacted:secret]\ntype: x"),
        ("<td>Password</td> <td>§</td><td>b</td>", "<td>Password</td> <td>[redacted:secret]</td><td>b</td>"),
        ("a: 1\\nsecret: '§'\\nb: 2", "a: 1\\nsecret: '[redacted:secret]'\\nb: 2"),
    ],
)
def test_only_the_secret_goes(text, redacted):
    assert Redactor().text(text.replace("§", "hunter2")) == redacted
    assert Redactor().text(redacted) == redacted


@pytest.mark.parametrize(
    "context",
    [
        {"loc": ("body", "password"), "msg": "too short", "input": "hunter2"},
        {"op": "replace", "path": "/password", "value": "hunter2"},
        {"field": "password", "value": "hunter2"},
        {"kind": "Secret", "data": {"x": "hunter2"}, "stringData": {"x": "hunter2"}},
        {"grant_type": "authorization_code", "code": "hunter2"},
    ],
)
def test_a_secret_that_its_neighbour_tells_of_goes(context):
    assert "hunter2" not in str(Redactor().mapping(context))
    assert Redactor().mapping(
        {**context, "loc": "x", "op": 1, "path": "/a", "field": "a", "kind": "A", "grant_type": 0}
    )
