"""The seed of outlets: its rows are checked, and become the keys by which the lake knows the accounts."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.lake.paths import DataPaths
from pipelines.lake.pseudonyms import Pseudonymiser
from pipelines.nightly.outlets import Outlet, OutletsError, outlet_keys, read_outlets, write_outlet_keys

PSEUDONYMS = Pseudonymiser(b"outlets only, no real secret")
HEADER = "platform,handle,native_id,outlet_name,outlet_class\n"


def seed(folder: Path, *lines: str, header: str = HEADER) -> Path:
    file = folder / "outlets.csv"
    file.write_text(header + "".join(f"{line}\n" for line in lines))
    return file


def test_a_handle_and_a_native_id_become_the_keys_that_profiles_and_posts_carry(tmp_path: Path) -> None:
    paths = DataPaths(tmp_path / "data")
    write_outlet_keys(paths, PSEUDONYMS, seed(tmp_path, "tiktok,@Gazette,9007199254740993,The Gazette,media"))
    rows = pq.read_table(paths.outlet_keys_file()).to_pylist()
    assert {(row["key_kind"], row["key"]) for row in rows} == {
        ("account", PSEUDONYMS.key("tiktok", "9007199254740993")),
        ("account", PSEUDONYMS.key("tiktok", "@Gazette")),
        ("handle", PSEUDONYMS.handle_key("tiktok", "gazette")),
    }
    assert {(row["platform"], row["outlet_name"], row["outlet_class"]) for row in rows} == {("tiktok", "The Gazette", "media")}
    assert "gazette" not in paths.outlet_keys_file().read_bytes().decode("latin-1").replace("The Gazette", "")


def test_the_order_of_the_seed_does_not_matter_and_a_row_twice_is_one() -> None:
    outlets = [
        Outlet("tiktok", "a", "", "A", "brand"),
        Outlet("x", "b", "", "B", "media"),
        Outlet("tiktok", "a", "", "A", "brand"),
    ]
    assert outlet_keys(outlets, PSEUDONYMS).equals(outlet_keys(outlets[1::-1], PSEUDONYMS))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("TikTok,a,,A,brand", "line 2: 'TikTok' is no platform"),
        ("tiktok,a,,A,shop", "'shop' is no class; write brand or media"),
        ("tiktok,a,, ,brand", "no name"),
        ("tiktok,,1,A,brand", "A has no handle"),
        ("tiktok,a,A,brand", "5 cells"),
        ("tiktok,a,,A, Inc,brand", "quote a name"),
    ],
)
def test_a_wrong_row_is_refused_with_its_place_and_what_to_write(line: str, reason: str, tmp_path: Path) -> None:
    with pytest.raises(OutletsError, match=reason):
        read_outlets(seed(tmp_path, line))


def test_another_header_and_an_account_of_two_outlets_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OutletsError, match="columns"):
        read_outlets(seed(tmp_path, header="platform,handle\n"))
    with pytest.raises(OutletsError, match="tiktok/A is said to be of A and of B"):
        outlet_keys([Outlet("tiktok", "a", "", "A", "brand"), Outlet("tiktok", "A", "", "B", "brand")], PSEUDONYMS)


def test_the_projects_own_seed_can_be_read_and_names_brands_and_media() -> None:
    found = read_outlets()
    assert {outlet.outlet_class for outlet in found} == {"brand", "media"}
    assert outlet_keys(found, PSEUDONYMS).num_rows > len(found)
