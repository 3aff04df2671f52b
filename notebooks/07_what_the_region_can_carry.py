# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 七、办学条件：哪一项最紧，怎样补上 · What a region can carry
#
# 学位、教师、校舍、设备、经费各能承载多少学生，哪一项最紧；新校赶不赶得上；一个数为什么变、从哪里来；
# 双师型教师要培训多少人才够；哪些目标相互牵制。
#
# > **先说清楚**：办学条件的数字大多没有公布，用的是范围很宽的假定，**不是预测**。
# >
# > *Places, teachers, space, equipment and money: which is short, whether a school comes in time, why a number moves
# > and where it comes from. Most of these inputs are assumed and wide; nothing here is a forecast.*

# %%
# %matplotlib inline
import pandas as pd

import simvet
from simvet.report.figures import fan_chart
from simvet.report.register import need_text
from simvet.report.terminal import cause_text, full_name, probability_text
from simvet.report.why_figures import binding_chart, waterfall_chart
from simvet.report.wording import number, word
from simvet.rules.resources import qualified_path, slots_to_reach

pd.set_option("display.max_colwidth", None)
DRAWS = 300

# %% [markdown]
# ## 1. 招生上限由哪一项决定 · Which limit is the tightest
#
# 舟山中职：每年、每次抽样都记下最紧的一项。多数抽样里是新生容量（一年级学位），新校启用后教师渐紧。
# 最紧不等于用满：报名的人少于上限时，多出的学位空着。
#
# *Zhoushan's secondary schools: in every year and draw the tightest limit is recorded, mostly first-year places, and
# more often teachers once the new school is open. Tightest does not mean used up: seats stay empty where fewer apply.*

# %%
zhoushan = simvet.simulate("zhoushan", draws=DRAWS)
binding_chart(zhoushan)

# %%
limits = zhoushan.binding()
limits = limits[(limits["stage"] == "secondary_vocational") & limits["year"].isin([2019, 2022, 2025, 2030])]
limits["limit"] = [word("limit", name, "zh") for name in limits["limit"]]
limits.pivot_table(index="limit", columns="year", values="share", fill_value=0.0).round(2)

# %% [markdown]
# ## 2. 新校赶不赶得上 · Does the school come in time
#
# 学校要经过审批、用地、建设、验收、招生筹备五个环节。2023 年才立项，就赶不上 2025 年的 12,000 个学位。
#
# *A school passes five stages. Approved in 2023 it cannot be there for the 12,000 places of 2025.*

# %%
late = simvet.simulate("zhoushan_school_late", draws=DRAWS)
rows = []
for title, result in (("基准", zhoushan), ("2023 年才立项", late)):
    for verdict in result.verdicts(causes=False):
        if verdict.target.key in ("places", "new_school_places"):
            rows.append(
                {
                    "情景": title,
                    "目标": full_name(verdict.target, verdict.reading, "zh", False),
                    "中位数": number(verdict.median, verdict.unit, "zh"),
                    "达成概率": probability_text(verdict),
                    "所需": need_text(verdict, "zh"),
                }
            )
pd.DataFrame(rows)

# %%
fan_chart(zhoushan, "places", "secondary_vocational", language="zh")

# %% [markdown]
# ## 3. 为什么变，从哪里来 · Why it moved, and where it comes from
#
# 把 2016 到 2025 年的变化分给既有走势、波动和每一个项目（沙普利值，与先后次序无关，各部分相加恰为总变化）。
#
# *The change since 2016, split over what was under way, drift and every project; the parts add up exactly.*

# %%
parts = simvet.decompose(zhoushan, "enrolment", 2025, stage="secondary_vocational")
waterfall_chart(parts, "zh")

# %%
chain = simvet.chain_of(zhoushan, "equipment_per_student", stage="secondary_vocational")
pd.DataFrame(
    [
        {"输入": row.indicator, "年份": row.year, "数值": row.value, "状态": row.status, "等级": row.grade}
        for row in chain.inputs
    ]
).head(8)

# %% [markdown]
# ## 4. 双师型教师要培训多少 · How many training slots
#
# 专业教师 1,000 人，其中双师型 420 人；每年离职退休 4 %，招聘 45 人，其中三成已是双师型。
#
# *1,000 specialist teachers, 420 of them dual-qualified; 4 % leave a year, 45 are hired, three in ten qualified.*

# %%
plan = {"total": 1000, "qualified": 420, "years": 5, "leaving": 0.04, "hires": 45, "of_hires": 0.3}
pd.DataFrame({f"每年 {slots} 个名额": qualified_path(slots=slots, **plan).share.round(4) for slots in (60, 90, 120)})

# %%
{f"{target:.0%}": round(slots_to_reach(target, **plan)) for target in (0.6, 0.7, 0.8, 0.9)}

# %% [markdown]
# ## 5. 哪些目标最难，哪些相互牵制 · Hardest targets, and those that fight
#
# *The least likely targets of Zhoushan's plan, what holds them, and what the same lever pulls down.*

# %%
verdicts = zhoushan.verdicts()
hard = sorted((v for v in verdicts if v.target.kind != "baseline"), key=lambda v: v.probability)[:8]
pd.DataFrame(
    [
        {
            "目标": full_name(v.target, v.reading, "zh", False),
            "达成概率": probability_text(v),
            "约束因素": cause_text(v, "zh"),
            "所需": need_text(v, "zh"),
            "相互牵制": "、".join(target.labels["zh"] for target in v.fights) or "–",
        }
        for v in hard
    ]
)

# %% [markdown]
# 数量目标大多取决于假定的起点和节奏：表里“所需”比“概率”更有用，它说的是要多快，而不是会不会。
#
# *Most counts rest on an assumed start and pace: read what it takes rather than how likely it is.*
