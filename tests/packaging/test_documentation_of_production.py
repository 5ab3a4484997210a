"""docs/production.md names sentences that the code says, and permissions that Terraform grants."""

import ast
import re
from functools import cache

from tests.packaging.pages import CHECKOUT

PAGE = (CHECKOUT / "docs" / "production.md").read_text(encoding="utf-8")


@cache
def sentences():
    """Every text in the package's code, parts of f-strings by themselves."""
    found = set()
    for path in (CHECKOUT / "leonidas_jupyter").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return found


def test_the_sentences_of_the_table_are_those_of_the_code():
    table = PAGE.split("| It says | Do |")[1]
    said = [row.split("|")[1].strip() for row in table.strip().splitlines()[1:]]
    said = [each.removesuffix(" …") for each in said if not each.startswith("Uploads in the")]
    assert len(said) > 10
    for each in said:
        assert any(each in sentence for sentence in sentences()), each


def test_terraform_grants_every_permission_that_failures_name():
    granted = (CHECKOUT / "deploy" / "terraform" / "iam.tf").read_text(encoding="utf-8")
    named = set()
    for text in sentences():
        if re.fullmatch(r"(?:s3|dynamodb):[\w:, ]+(?: and [\w:]+)?", text):
            service = text.partition(":")[0]
            for word in re.findall(r"[\w:]+", text.replace(" and ", " ")):
                named.add(word if ":" in word else f"{service}:{word}")
    assert len(named) > 8
    missing = {each for each in named if f'"{each}"' not in granted}
    assert missing == set()
