"""How an extra is installed depends on where wiretax is."""

from __future__ import annotations

from pathlib import Path

import pytest

from wiretax import shipped


def test_an_extra_of_a_checkout_is_installed_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkout = Path(shipped.__file__).parents[1]
    monkeypatch.chdir(checkout)
    assert shipped.install_command("redis") == "pip install '.[redis]'"
    monkeypatch.chdir(tmp_path)
    assert shipped.install_command("redis") == f"pip install '{checkout}[redis]'"


def test_an_extra_of_an_installed_package_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wiretax" / "scenarios").mkdir(parents=True)
    monkeypatch.setattr(shipped, "PACKAGE", tmp_path / "wiretax")
    assert shipped.install_command("notebooks") == "pip install 'wiretax[notebooks]'"
