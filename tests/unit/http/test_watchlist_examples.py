"""Every watchlist that the documents show can be used as it stands: nothing in them is of another program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pipelines.http.clients import CLIENTS
from pipelines.http.watchlist import load_watchlist
from pipelines.settings import PROJECT

EXAMPLE = PROJECT / "docs" / "watchlist.example.yaml"
README = "pipelines/platforms/{}/README.md"


def test_the_example_names_every_platform_that_can_be_asked() -> None:
    assert set(load_watchlist(EXAMPLE, CLIENTS)) == set(CLIENTS)


@pytest.mark.parametrize("platform", sorted(CLIENTS))
def test_a_platforms_own_example_can_be_copied(platform: str, tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", (PROJECT / README.format(platform)).read_text(), re.DOTALL)
    assert blocks, "the README shows no watchlist"
    for block in blocks:
        file = tmp_path / "watchlist.yaml"
        file.write_text(block)
        assert list(load_watchlist(file, CLIENTS)) == [platform]


@pytest.mark.parametrize("platform", sorted(CLIENTS))
def test_a_platforms_readme_names_the_variables_of_its_secrets(platform: str) -> None:
    readme = (PROJECT / README.format(platform)).read_text()
    variables = {variable for credential in CLIENTS[platform].credentials for variable in credential.variables}
    assert not {variable for variable in variables if variable not in readme}
