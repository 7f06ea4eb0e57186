"""Gateways come in with a certificate of their own, by command; labels hold on their days; what the commands say and refuse."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from registry.enrolment import read_certificate
from registry.names import with_priority
from shangyun.cli import main
from store.audit import Filter, list_acts
from store.city_lists import gateways_of_enterprise, list_machines
from store.city_registry import count_labelled, enterprise, labels_in_force
from store.database import Database
from tests.registry.city import CITY, COUNTY, OTHER_COUNTY, add_city, code_of
from tests.registry.city import enterprise as register
from tests.registry.city import machine as register_machine
from tests.registry.tables import as_csv, bring

ONE, TWO = code_of(1), code_of(2)


@pytest.fixture
def opened(migrated_database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Register two enterprises in two counties."""
    monkeypatch.setenv("SHANGYUN_DATABASE", migrated_database)
    with Database(migrated_database) as made:
        with made.connection() as connection:
            add_city(connection)
            register(connection, 1)
            register(connection, 2, area=OTHER_COUNTY)
        yield made


def certificate(folder: Path, *names: str, file: str = "gateway.pem") -> Path:
    """Write a certificate of its own key for these common names."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name) for name in names])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / file
    path.write_bytes(made.public_bytes(Encoding.PEM))
    return path


def test_the_fingerprint_is_sha_256_of_the_whole_certificate_in_der(tmp_path: Path) -> None:
    pem = certificate(tmp_path, "g-1").read_bytes()
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    assert read_certificate(pem) == ("g-1", hashlib.sha256(der).digest())


@pytest.mark.parametrize("names", [(), ("a", "b")])
def test_a_certificate_names_one_gateway(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=f"has {len(names)} common names"):
        read_certificate(certificate(tmp_path, *names).read_bytes())


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", b"\0"])
def test_what_is_no_certificate_is_refused(pem: bytes) -> None:
    with pytest.raises(ValueError, match="no certificate in PEM"):
        read_certificate(pem)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_gateway_enrols_once_renews_is_revoked_and_shares_its_certificate_with_none(
    opened: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = certificate(tmp_path, "g-1"), certificate(tmp_path, "g-1", file="second.pem")

    def enrol(gateway: str, uscc: str, file: Path) -> tuple[int, str]:
        status = main(["registry", "enrol", gateway, uscc, "--certificate", str(file)])
        said = capsys.readouterr()
        return status, said.out + said.err

    assert enrol("g-1", f" {ONE.lower()} ", first)[0] == 0
    assert "is enrolled already" in enrol("g-1", ONE, first)[1]
    assert "the certificate is of 'g-1' (CN), and not of 'g-2'" in enrol("g-2", ONE, first)[1]
    assert f"this gateway is one of {ONE}" in enrol("g-1", TWO, second)[1]
    assert "is not registered" in enrol("g-1", code_of(9), second)[1]
    assert bring(opened, "gateways", [["网关", "信用代码", "指纹"], ["g-3", TWO, fingerprint(second)]]).is_taken
    status, said = enrol("g-1", ONE, second)
    assert (status, "gateway g-3 enrolled with this certificate; none is shared" in said) == (2, True)
    assert enrol("g-1", ONE, tmp_path / "none.pem")[0] == 2
    third = certificate(tmp_path, "g-1", file="third.pem")
    assert main(["registry", "revoke", "g-1"]) == 0
    assert main(["registry", "revoke", "g-1"]) == 2
    assert "was revoked; enrol with a new one" in enrol("g-1", ONE, first)[1]
    assert enrol("g-1", ONE, third)[0] == 0
    (gateway,) = gateways_of_enterprise(opened, ONE)
    assert (gateway.certificate_sha256.hex(), gateway.revoked_at) == (fingerprint(third), None)
    _, acts = list_acts(opened, Filter(action="city."), limit=9)
    assert [act.action for act in acts] == [
        *("city.enrol_gateway", "city.revoke_gateway", "city.import_gateways", "city.enrol_gateway"),
    ]


def fingerprint(file: Path) -> str:
    return read_certificate(file.read_bytes()).sha256.hex()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_import_command_tells_each_row_writes_the_report_and_fails_where_one_is_refused(
    opened: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, report = tmp_path / "企业.csv", tmp_path / "报告.csv"
    heading = ["统一社会信用代码", "企业名称", "统计区域", "行业代码"]
    file.write_bytes(as_csv([heading, [code_of(3), "三厂", "任城区", "C34"], ["123", "四厂", "任城区", "C34"]]))
    command = ["registry", "import", "enterprises", str(file), "--report", str(report)]
    assert main([*command, "--language", "zh"]) == 1
    said = capsys.readouterr()
    assert f"{file}:3: 统一社会信用代码: '123': 有3位；统一社会信用代码是18位" in said.err
    assert "2 rows: 1 new, 1 refused; nothing was written" in said.out
    assert report.read_text("utf-8-sig").splitlines()[0] == "行,结果,对象,列,填写的内容,说明"
    assert enterprise(opened, code_of(3)) is None
    file.write_bytes(as_csv([heading, [code_of(3), "三厂", "任城区", "C34"]]))
    assert main([*command, "--dry-run"]) == 0
    assert "would be written" in capsys.readouterr().out
    assert enterprise(opened, code_of(3)) is None
    assert main(command) == 0
    assert enterprise(opened, code_of(3)) is not None
    assert main(["registry", "import", "enterprises", str(tmp_path / "none.csv")]) == 2
    assert main([*command, "--time-zone", "Mars/Olympus"]) == 2
    assert main(["registry", "import", "template", "machines", str(tmp_path / "m.xlsx")]) == 0
    assert (tmp_path / "m.xlsx").read_bytes().startswith(b"PK")
    assert main(["registry", "import", "template", "machines", str(tmp_path / "m.doc")]) == 2


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_areas_are_loaded_and_listed_by_command(opened: Database, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["registry", "areas", "load", "jining", "jiaxing_port"]) == 0
    assert main(["registry", "areas", "list"]) == 0
    told = capsys.readouterr().out
    assert "jining: 15 areas, 0 departments" in told
    assert "jining-taibaihu" in told
    assert "社会发展局" in told
    assert main(["registry", "areas", "load", "paris"]) == 2


def test_codes_are_checked_without_a_database(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["registry", "check-code", ONE.lower()]) == 0
    assert capsys.readouterr().out == f"{ONE}: valid\n"
    assert main(["registry", "check-code", ONE, "9137O811MA3C00003R", "913724394X35QDYPK0"]) == 1
    assert [line.split(": ")[1] for line in capsys.readouterr().out.splitlines()] == ["valid", "refused", "for review"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_enterprises_and_machines_are_retired_and_reinstated_by_command(
    opened: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened.connection() as connection:
        first = register_machine(connection, ONE, gateway="g-1", equipment_name="b-1")
    assert main(["registry", "retire", str(first)]) == 0
    with opened.connection() as connection:
        register_machine(connection, TWO, number=2, gateway="g-1", equipment_name="b-1")
    assert main(["registry", "reinstate", str(first)]) == 2
    assert "another machine has these readings by now" in capsys.readouterr().err
    assert main(["registry", "retire", TWO]) == 0
    assert main(["registry", "reinstate", str(first)]) == 0
    assert main(["registry", "reinstate", TWO]) == 2
    found = enterprise(opened, TWO)
    assert found is not None
    assert found.retired_at is not None, "nothing is half done"
    assert list_machines(opened, TWO, with_retired=False)[0] == 0
    for nothing in ("99999999999", "0", code_of(9), ONE[:17]):
        assert main(["registry", "retire", nothing]) == 2
    _, acts = list_acts(opened, Filter(action="city."), limit=9)
    assert [act.action for act in acts] == ["city.reinstate_machine", "city.retire_enterprise", "city.retire_machine"]


LABELS = ["信用代码", "称号", "级别", "类型", "有效期起", "有效期止", "依据文件"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_labels_are_counted_by_level_kind_area_and_day(opened: Database) -> None:
    rows = [
        [ONE, "试点企业", "市级", "", "2018-01-01", "2018-12-31", "文"],
        [ONE, "标杆企业", "省级", "", "2018-06-01", "", "文"],
        [TWO, "标杆企业", "市级", "生产制造", "2018-06-01", "", "文"],
        [TWO, "标杆企业", "市级", "综合集成", "2018-06-01", "", "文"],
    ]
    assert bring(opened, "labels", [LABELS, *rows]).is_taken

    def count(label: str, day: str = "2018-07-01", **filters: str) -> int:
        return count_labelled(opened, label, day=date.fromisoformat(day), **filters)

    assert [count("pilot", day) for day in ("2017-12-31", "2018-01-01", "2018-12-31", "2019-01-01")] == [0, 1, 1, 0]
    assert (count("benchmark"), count("benchmark", level="city"), count("benchmark", form="综合集成")) == (2, 1, 1)
    assert (count("benchmark", area=CITY), count("benchmark", area=COUNTY), count("benchmark", area=OTHER_COUNTY)) == (2, 1, 1)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_jiaxing_annex_1_3_one_benchmark_of_the_city_and_one_of_the_province_are_told_apart(opened: Database) -> None:
    """T5."""
    rows = [[ONE, "标杆", "市级", "", "2017-11-01", "", "文"], [TWO, "标杆", "省级", "", "2017-11-01", "", "文"]]
    assert bring(opened, "labels", [LABELS, *rows]).is_taken
    day = date(2017, 12, 31)
    assert [count_labelled(opened, "benchmark", day=day, level=level) for level in ("city", "province", "national")] == [1, 1, 0]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_shanxi_3_8_pilots_and_benchmark_enterprises_are_counted_apart_and_each_once(opened: Database) -> None:
    """T12: first batch of at least 200 pilots, 100 benchmark enterprises."""
    codes = [code_of(number) for number in range(10, 215)]
    with opened.connection() as connection:
        for number in range(10, 215):
            register(connection, number)
    rows = [[code, "试点", "省级", "", "2018-09-01", "", "文"] for code in codes]
    rows += [[code, "标杆企业", "省级", "", "2019-09-01", "", "文"] for code in codes[:100]]
    rows += [[codes[0], "试点", "市级", "", "2018-09-01", "", "另文"]]
    assert bring(opened, "labels", [LABELS, *rows]).is_taken
    day = date(2020, 12, 31)
    assert (count_labelled(opened, "pilot", day=day), count_labelled(opened, "benchmark", day=day)) == (205, 100)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_jining_3_1_an_enterprise_comes_first_while_one_of_its_labels_is_in_force(opened: Database) -> None:
    """V2."""
    rows = [
        [ONE, "专精特新", "省级", "", "2018-01-01", "2018-12-31", "文"],
        [ONE, "标杆", "市级", "", "2018-01-01", "", "文"],
        [TWO, "专项资金信用负面清单", "市级", "", "2018-03-01", "", "文"],
    ]
    assert bring(opened, "labels", [LABELS, *rows]).is_taken

    def held(uscc: str, day: date) -> list[str]:
        return [one.label for one in labels_in_force(opened, uscc, day)]

    assert with_priority(held(ONE, date(2018, 12, 31)), "voucher")
    assert not with_priority(held(ONE, date(2019, 1, 1)), "voucher")
    assert held(TWO, date(2018, 3, 1)) == ["negative_list"]
    assert held(TWO, date(2018, 2, 28)) == []
