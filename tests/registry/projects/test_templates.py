"""What the checklists say, against the documents."""

import pytest

from registry.projects.templates import TEMPLATES, requirements, template


def test_jiangsu_guide_3_the_checklist_has_five_phases_with_their_sub_steps() -> None:  # M2
    phases = {step.label.zh: [item.zh for item in step.items] for step in template("jiangsu_2018").steps}
    assert phases == {
        "上云规划": ["信息收集", "需求评估", "应用分析", "风险分析", "上云策略"],
        "上云设计": ["上云计划", "方案设计"],
        "上云实施": ["模拟上云", "系统测试", "数据备份", "上云部署"],
        "上云验证": ["上云评估", "业务检查", "问题优化"],
        "云上维护": ["运行维护", "场景培训"],
    }


@pytest.mark.parametrize(
    ("dependence", "kind"), [("continuous", "在线迁移"), ("interruptible", "离线迁移"), ("deferrable", "分批次迁移")]
)
def test_jiangsu_guide_3_2_1_dependence_decides_the_kind_of_migration(dependence: str, kind: str) -> None:  # M3
    assert requirements().dependence(dependence).migration_zh == kind


def test_every_demand_names_a_template_that_exists_and_a_clause() -> None:
    demanded = requirements()
    rows = [*demanded.strategies, *demanded.dependences, *demanded.documents, *demanded.tests, *demanded.drills]
    assert {one.document for one in rows} == set(TEMPLATES)
    assert all(one.clause for one in rows)
    by = {name for one in demanded.documents for name in (*one.before_go, *one.before_acceptance)}
    by |= {name for one in demanded.tests for name in (*one.rehearsal, *one.after_cut_over)}
    assert by == set(TEMPLATES)


def test_an_unknown_template_is_no_template() -> None:
    with pytest.raises(KeyError):
        template("shandong_2099")
