"""Panels and dashboards in Grafana's classic JSON model."""

from typing import Any

Json = dict[str, Any]

DATASOURCE_TYPE = "grafana-postgresql-datasource"
DATASOURCE_UID = "shangyun"
_DATASOURCE = {"type": DATASOURCE_TYPE, "uid": "${datasource}"}
_SCHEMA_VERSION = 39
COLUMNS = 24
MINIMUM, MAXIMUM = "最小 Minimum", "最大 Maximum"


def target(sql: str, *, ref: str = "A", form: str = "time_series") -> Json:
    return {"refId": ref, "datasource": _DATASOURCE, "editorMode": "code", "format": form, "rawQuery": True, "rawSql": sql}


def panel(
    form: str,
    *,
    title: str,
    description: str,
    targets: list[Json],
    unit: str = "none",
    defaults: Json | None = None,
    overrides: list[Json] | None = None,
    options: Json | None = None,
    interval: str = "1m",
) -> Json:
    return {
        "type": form,
        "title": title,
        "description": description,
        "datasource": _DATASOURCE,
        "interval": interval,
        "fieldConfig": {"defaults": {"unit": unit, **(defaults or {})}, "overrides": overrides or []},
        "options": options or {},
        "targets": targets,
    }


def trend(*, title: str, description: str, mean: str, band: str, unit: str, thresholds: Json) -> Json:
    """Draw a mean for each machine over the band of extremes of all of them, with the limits as dashed lines."""
    line = {"lineWidth": 1, "fillOpacity": 0, "showPoints": "auto", "spanNulls": False, "thresholdsStyle": {"mode": "dashed"}}
    return panel(
        "timeseries",
        title=title,
        description=description,
        targets=[target(mean), target(band, ref="B")],
        unit=unit,
        defaults={"custom": line, "thresholds": thresholds},
        overrides=[
            _override(MINIMUM, {"custom.lineWidth": 0, "custom.hideFrom": {"legend": True, "tooltip": False, "viz": False}}),
            _override(MAXIMUM, {"custom.lineWidth": 0, "custom.fillBelowTo": MINIMUM, "custom.fillOpacity": 15}),
        ],
        options={"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "none"}},
    )


def lines(*, title: str, description: str, sql: str, unit: str, interval: str) -> Json:
    custom = {"drawStyle": "bars", "fillOpacity": 60, "stacking": {"mode": "normal"}}
    return panel(
        "timeseries",
        title=title,
        description=description,
        targets=[target(sql)],
        unit=unit,
        defaults={"custom": custom},
        interval=interval,
    )


def tiles(*, title: str, description: str, sql: str, unit: str, name_field: str = "", thresholds: Json | None = None) -> Json:
    """Show one tile for each row, named by a column, or one for each column."""
    defaults: Json = {"displayName": f"${{__data.fields.{name_field}}}"} if name_field else {}
    return panel(
        "stat",
        title=title,
        description=description,
        targets=[target(sql, form="table")],
        unit=unit,
        defaults={**defaults, "thresholds": thresholds or quiet()},
        options={
            "reduceOptions": {"values": bool(name_field), "calcs": ["lastNotNull"], "fields": "", "limit": 60},
            "textMode": "value_and_name",
            "colorMode": "value",
            "graphMode": "none",
        },
    )


def table(*, title: str, description: str, sql: str, units: dict[str, str] | None = None) -> Json:
    overrides = [_override(column, {"unit": unit}) for column, unit in (units or {}).items()]
    return panel("table", title=title, description=description, targets=[target(sql, form="table")], overrides=overrides)


def state_timeline(*, title: str, description: str, sql: str, words: dict[int, str]) -> Json:
    mapping = {str(code): {"text": text, "index": place} for place, (code, text) in enumerate(words.items())}
    return panel(
        "state-timeline",
        title=title,
        description=description,
        targets=[target(sql)],
        defaults={"mappings": [{"type": "value", "options": mapping}], "custom": {"fillOpacity": 70}},
        options={"mergeValues": True, "showValue": "auto", "legend": {"displayMode": "list", "placement": "bottom"}},
    )


def quiet() -> Json:
    return {"mode": "absolute", "steps": [{"color": "text", "value": None}]}


def chosen_by_query(name: str, label: str, sql: str) -> Json:
    """Let people choose several of what a query gives; all of them at first."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": _DATASOURCE,
        "query": sql,
        "definition": sql,
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def chosen_from(name: str, label: str, choices: dict[str, str]) -> Json:
    """Let people choose one of some values, each under its title."""
    options = [{"text": title, "value": value, "selected": place == 0} for place, (value, title) in enumerate(choices.items())]
    query = ", ".join(f"{title.replace(',', chr(92) + ',')} : {value}" for value, title in choices.items())
    return {"type": "custom", "name": name, "label": label, "query": query, "options": options, "current": options[0]}


def dashboard(*, uid: str, title: str, description: str, variables: list[Json], rows: list[list[tuple[Json, int]]]) -> Json:
    """Lay rows of panels out: each is as wide as the others of its row, and as high as it says."""
    datasource = {
        "type": "datasource",
        "name": "datasource",
        "label": "数据源 Data source",
        "query": DATASOURCE_TYPE,
        "current": {"text": "Shangyun", "value": DATASOURCE_UID},
        "hide": 2,
    }
    laid_out: list[Json] = []
    top = 0
    for row in rows:
        width = COLUMNS // len(row)
        for place, (made, height) in enumerate(row):
            position = {"x": place * width, "y": top, "w": width, "h": height}
            laid_out.append({"id": len(laid_out) + 1, **made, "gridPos": position})
        top += max(height for _made, height in row)
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["shangyun"],
        "schemaVersion": _SCHEMA_VERSION,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "links": [{"type": "dashboards", "title": "上云 Shangyun", "tags": ["shangyun"], "asDropdown": True, "keepTime": True}],
        "annotations": {"list": []},
        "templating": {"list": [datasource, *variables]},
        "panels": laid_out,
    }


def _override(column: str, properties: Json) -> Json:
    return {
        "matcher": {"id": "byName", "options": column},
        "properties": [{"id": name, "value": value} for name, value in properties.items()],
    }
