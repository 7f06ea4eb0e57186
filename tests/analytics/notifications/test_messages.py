from dataclasses import replace

from analytics.notifications.messages import Writer
from device_profiles.kind import Label
from tests.analytics.notifications.conftest import make_entry


def test_a_message_says_machine_what_value_since_when_consequence_action_and_where_to_look(writer: Writer) -> None:
    assert writer.markdown([make_entry()], most_bytes=4096) == (
        "**［紧急］ 报警 plant-1/boiler-1 锅筒水位 低低**\n\n"
        "数值: -80.25 mm (限值 -75 mm)\n\n"
        "开始: 2026-11-20 12:00:00\n\n"
        "后果: 缺水烧坏受热面\n\n"
        "处置: 立即停炉，检查给水\n\n"
        "[查看设备](https://shangyun.example.com/equipment/7)"
    )


def test_a_message_is_written_in_the_language_of_its_channel(writer: Writer) -> None:
    assert replace(writer, language="en", public_address="").text([make_entry()]) == (
        "[Critical] Alarm plant-1/boiler-1 Drum level low low\n\n"
        "Value: -80.25 mm (limit -75 mm)\n"
        "Since: 2026-11-20 12:00:00\n"
        "Consequence: Tubes uncovered and overheated\n"
        "Action: Trip the burner, check feedwater\n"
    )


def test_an_alarm_of_a_gateway_leads_to_the_list(writer: Writer) -> None:
    own = make_entry(
        machine="", equipment_id=None, kind="", value=None, limit=None, title=Label(zh="网关离线", en="Gateway offline")
    )
    text = writer.text([own])
    assert text.startswith("[紧急] 报警 plant-1 网关离线\n")
    assert text.endswith("https://shangyun.example.com/alarms\n")


def test_a_digest_counts_by_priority_and_cuts_what_nobody_would_read(writer: Writer) -> None:
    entries = [make_entry(), *(make_entry(priority="low", machine=f"b-{number}") for number in range(29))]
    text = writer.markdown(entries, most_bytes=4096)
    assert text.startswith("**［紧急 1, 低 29］ 30 条报警消息**\n")
    assert text.count("\n- 2026-11-20 12:00:00") == 15
    assert "- 另有 15 条" in text
    assert text.endswith("[查看报警列表](https://shangyun.example.com/alarms)")


def test_a_message_is_never_longer_than_the_robot_takes(writer: Writer) -> None:
    long = make_entry(action=Label(zh="检" * 500, en="x"), consequence=Label(zh="坏" * 500, en="x"))
    text = writer.markdown([long], most_bytes=1000)
    assert len(text.encode()) <= 1000
    assert text.endswith("…")


def test_texts_of_people_make_no_markup(writer: Writer) -> None:
    hostile = make_entry(act="acknowledge", actor="<font color=red>[x](http://evil.example)\n# x")
    text = writer.markdown([hostile], most_bytes=4096)
    assert "<" not in text
    assert "](http://evil" not in text
    assert "\n# x" not in text
