"""Every text of ours stands in the catalogues, and in Brazilian Portuguese."""

from __future__ import annotations

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "webhook_alerts"
PLACES = re.compile(r"%\(\w+\)[\d.]*[a-z]|%%|\{\w+\}|</?(?:a|code)\b[^>]*>")
TAKES_TEXT = frozenset(
    {"_", "_gettext", "gettext", "gettext_lazy", "keep", "keep_many", "ngettext", "ngettext_lazy", "pgettext", "say"}
)
"""What ``.ci/messages`` looks for."""
ALONE = frozenset({"keep", "say"})
"""What takes a text where that is its only argument: others have functions of these names, too."""
IGNORED = frozenset({"migrations", "testing"})
"""Where it does not."""
CALL = re.compile(r"""\b(?:_|n?p?gettext)\((?:u?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"),?\s*)+""")
WRITTEN = re.compile(r'^msgstr(?:\[\d\])? ((?:".*"\n?)+)', re.MULTILINE)


def catalogue(language: str, package: Path = PACKAGE) -> dict[object, str]:
    """Each text, or a pair of it and the number of its plural form, with its translation."""
    with (package / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        found: dict[object, str] = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    return {key: text for key, text in found.items() if key}


def test_nothing_is_missing_or_empty_in_brazilian_portuguese() -> None:
    english, portuguese = catalogue("en"), catalogue("pt_BR")
    assert len(english) > 600
    assert portuguese.keys() == english.keys()
    assert [key for key, text in portuguese.items() if not text.strip()] == []


def test_the_catalogues_hold_what_the_sources_say_and_nothing_else() -> None:
    """A text that was written, changed or taken out since ``make messages`` was run."""
    held = {key[0] if isinstance(key, tuple) else key for key in catalogue("en")}
    said = {*texts_of_python(), *texts_of_templates()}
    assert sorted(said - held) == []
    assert sorted(held - said) == []


def test_what_is_compiled_is_what_was_written() -> None:
    for language in ("en", "pt_BR"):
        written = (PACKAGE / "locale" / language / "LC_MESSAGES" / "django.po").read_text(encoding="utf-8")
        texts = {text for text in map(joined, WRITTEN.findall(written)) if not text.startswith("Project-Id")}
        assert texts - {""} == set(catalogue(language).values())


def joined(lines: str) -> str:
    """The text that stands in *lines* of a catalogue, each in quotation marks."""
    return "".join(ast.literal_eval(line) for line in lines.splitlines())


def test_a_translation_has_the_places_and_the_markup_of_its_text() -> None:
    english = catalogue("en")
    wrong = {
        key: text
        for key, text in catalogue("pt_BR").items()
        if sorted(PLACES.findall(text)) != sorted(PLACES.findall(english[key]))
    }
    assert wrong == {}


def texts_of_python() -> Iterator[str]:
    for path in PACKAGE.rglob("*.py"):
        if path.relative_to(PACKAGE).parts[0] not in IGNORED:
            tree = ast.parse(path.read_text(encoding="utf-8"))
            yield from (text for call, _ in calls(tree) if (text := text_of(call)) is not None)


def texts_of_templates() -> Iterator[str]:
    """Of each as Django hands it to xgettext: with calls of gettext, which are Python, between what is not."""
    for path in (PACKAGE / "templates").rglob("*.html"):
        for found in CALL.findall(templatize(path.read_text(encoding="utf-8"), origin=str(path))):
            call = ast.parse(f"{found.rstrip(', ')})", mode="eval").body
            assert isinstance(call, ast.Call)
            text = text_of(call)
            assert text is not None
            yield text


def text_of(call: ast.Call) -> str | None:
    """The text that *call* asks for, after its context if it has one; ``None`` where it is no literal."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name in ALONE and len(call.args) + len(call.keywords) != 1:
        return None
    given = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    texts = [value for value in given if isinstance(value, str)]
    if name == "pgettext":
        return "\x04".join(texts[:2]) if len(texts) >= 2 else None
    return texts[0] if texts and literal(call) else None


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, bool]]:
    """Every call that takes a text, and whether it stands within an f-string."""
    for node in ast.walk(tree):
        for each in ast.walk(node) if isinstance(node, ast.JoinedStr) else [node]:
            if isinstance(each, ast.Call) and getattr(each.func, "id", getattr(each.func, "attr", "")) in TAKES_TEXT:
                yield each, isinstance(node, ast.JoinedStr)


def test_no_text_hides_from_the_extraction() -> None:
    """In an f-string xgettext sees none, and none under a name that it is not told."""
    hidden = []
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        hidden += [(path.name, call.lineno) for call, within in calls(tree) if within and literal(call)]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
                named = {name.asname or name.name for name in node.names if "gettext" in name.name}
                hidden += [(path.name, name) for name in named - TAKES_TEXT]
    assert hidden == []


def literal(call: ast.Call) -> bool:
    return bool(call.args) and isinstance(call.args[0], ast.Constant)


def test_nothing_is_translated_before_anybody_reads_it() -> None:
    """At import no reader is known: what stands in a module or a class is lazy, and stays so."""
    eager = []
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {
            name.asname or name.name: name.name.endswith("_lazy")
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
            for name in node.names
            if "gettext" in name.name
        }
        eager += [(path.name, node.lineno) for node in outside(tree) if is_eager(node, names)]
    assert eager == []


def outside(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes of *tree* that are evaluated when it is imported."""
    for child in ast.iter_child_nodes(tree):
        if not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            yield child
            yield from outside(child)


def is_eager(node: ast.AST, names: dict[str, bool]) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod) and isinstance(node.left, ast.Call):
        return getattr(node.left.func, "id", "") in names  # to fill in a lazy text is to translate it
    return isinstance(node, ast.Call) and names.get(getattr(node.func, "id", "")) is False
