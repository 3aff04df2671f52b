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
# # 二、一项措施和它的责任主体 · A lever and its owner
#
# 措施（lever）是对一个量的、有起始年份的改动，写明归谁管、出自哪里。本篇看四件事：
# 措施归谁管；省里的一项措施有多大作用；措施来得太晚会怎样；一项措施帮了一个目标、伤了另一个怎么办。
#
# > **先说清楚**：以下都是模型结果，输入多为范围很宽的假定，**不是预测**。
# > 比较的是两个情景在同一组随机数上的差别，它比各自的水平可靠，但同样取决于模型的假定。
# >
# > *A lever is a dated change to one quantity, with its owner and source. Model results from wide, assumed inputs,
# > not forecasts; paired differences are firmer than levels, and still rest on the model.*

# %%
# %matplotlib inline
from dataclasses import replace

import numpy as np
import pandas as pd

import simvet
from simvet.catalogue import CATALOGUE, require_in_bounds, require_key
from simvet.lateness import late_levers
from simvet.levers import Lever
from simvet.loading import scenario_files
from simvet.report.figures import comparison_chart, fan_chart, probability_board
from simvet.report.terminal import late_lines, target_name
from simvet.report.wording import number, word

pd.set_option("display.max_colwidth", None)
DRAWS = 300

# %% [markdown]
# ## 1. 谁管哪一项 · Who owns which lever
#
# 浙江省各情景里的措施，连同责任主体和出处。
#
# *The levers in Zhejiang's scenarios, with owner and source.*

# %%
pd.DataFrame(
    [
        {
            "情景": name,
            "措施": lever.title("zh"),
            "量": " / ".join(part for part in (lever.quantity, lever.key) if part),
            "改动": f"{lever.operation} {lever.value:g}",
            "起": lever.start,
            "责任主体": word("owner", lever.owner, "zh"),
            "出处": lever.source,
        }
        for name in scenario_files()
        if name.startswith("zhejiang")
        for lever in simvet.load_scenario(name).levers
    ]
)

# %% [markdown]
# 目录里每个能动的量都写着通常归谁管。计划、许可、专升本名额在省；学位、教师在市；流失和转段通过率在学校；
# 本地就业要靠企业。“外部”是谁也管不了的，例如生源。
#
# *The catalogue names the usual owner of every quantity: plans and licences lie with the province, places and teachers
# with the city, drop-out with schools, local jobs with enterprises; the feeder with nobody.*

# %%
owned = {}
for name, quantity in CATALOGUE.items():
    if quantity.lever:
        owned.setdefault(word("owner", quantity.owner, "zh"), []).append(name)
pd.DataFrame({"个数": {who: len(names) for who, names in owned.items()}, "量": {who: "、".join(names) for who, names in owned.items()}})

# %% [markdown]
# ## 2. 省里的一项措施 · A lever of the province
#
# 高职计划多投放 20 个百分点给中职生。两个情景用同一组随机数：同一批学生、同样的运气，差别只来自措施。
# 上图是两个情景各自的 80% 区间，下图是逐次抽样相减的差。
#
# *Same students, same luck: what differs is the policy. Below: the difference draw by draw.*

# %%
colleges = simvet.compare("zhejiang", "zhejiang_colleges_for_vocational", draws=DRAWS)
comparison_chart(colleges, "progression_rate")

# %%


def differences(comparison):
    """Return what a second scenario changes in each target, as a table in words."""
    rows = []
    for d in comparison.differences:
        if d.target.kind == "baseline":
            continue
        unit = d.target.unit if d.target.unit in ("share", "persons", "places") else "share" if d.median_first <= 1.5 else "persons"

        def moved(value, unit=unit):
            return f"{value * 100:+.1f} 百分点" if unit == "share" else number(value, unit, "zh", signed=True)

        still = abs(d.low) < 1e-6 and abs(d.high) < 1e-6
        rows.append(
            {
                "指标": target_name(d.target, "zh"),
                "年份": d.target.year,
                "情景一": number(d.median_first, unit, "zh"),
                "情景二": number(d.median_second, unit, "zh"),
                "配对变化（80% 区间）": "到该年不变" if still else f"{moved(d.change)}（{moved(d.low)} 至 {moved(d.high)}）",
                "达成概率": f"{d.probability_first:.0%} → {d.probability_second:.0%}",
            }
        )
    return pd.DataFrame(rows).drop_duplicates().reset_index(drop=True)


differences(colleges)

# %% [markdown]
# 升学比例的概率从约一成升到约八成，是这里最有力的单项措施——但 **按钮在省，不在市**。
# 同时看代价和副作用：专升本概率略降（读高职的人多了，专升本名额没变）。
# 也要问：2021 年一步加 20 个百分点是否做得到？这是试强度，不是建议。
#
# *The strongest single lever here, and it is the province's. Its side effect: a little less top-up, because the same
# seats meet more graduates. Twenty points at once is a test of strength, not a proposal.*

# %% [markdown]
# ## 3. 太晚了 · Too late
#
# 一体化招生（3+2、五年制、3+4）提到 40%：2021 年起和 2023 年起，只差两年。
# 但今年招的一体化学生三年后才转段，2023 年的新生 2026 年才升学——2025 年的目标一点也动不了。
#
# *Integrated tracks at 40 %, from 2021 or from 2023. Who enters in 2023 moves up in 2026: nothing changes by 2025.*

# %%
early = simvet.compare("zhejiang", "zhejiang_integrated_2021", draws=DRAWS)
late = simvet.compare("zhejiang", "zhejiang_integrated_2023", draws=DRAWS)
timing = simvet.compare("zhejiang_integrated_2021", "zhejiang_integrated_2023", draws=DRAWS)
comparison_chart(timing, "progression_rate")

# %%
years = [2023, 2024, 2025, 2026, 2027, 2030]
at = [late.first.books.years.index(year) for year in years]


def paired(comparison):
    """Return the median paired change of progression in the chosen years, percentage points."""
    change = comparison.second.indicator("progression_rate") - comparison.first.indicator("progression_rate")
    return [f"{np.median(change[:, place, 0]) * 100:+.1f}" for place in at]


pd.DataFrame({"2021 年起": paired(early), "2023 年起": paired(late)}, index=pd.Index(years, name="中职升学比例的配对变化（百分点）")).T

# %% [markdown]
# 程序自己会说哪项措施来得太晚：
#
# *simvet says so itself:*

# %%
print("\n".join(late_lines(late_levers(late.second), "zh")))

# %% [markdown]
# ## 4. 市里的一项工程 · A project of the city
#
# 舟山新建中职学校（约 4000 个学位）：2023 年启用，还是 2026 年。启用日期归市里管，一开工就定了大半。
#
# *Zhoushan's new school of about 4,000 places: open in 2023 or in 2026. The date is the city's.*

# %%
school = simvet.compare("zhoushan_school_2023", "zhoushan_school_2026", draws=DRAWS)
comparison_chart(school, "places")

# %%
comparison_chart(school, "enrolment", "secondary_vocational")

# %%
differences(school)

# %% [markdown]
# 晚三年，学位目标的概率从接近必成到零；一部分想读的初中毕业生没有位子，普高占比随之上升。
# 升学比例、高职在校生到 2025 年不变：2023 年起招的学生还没毕业。学位建起来后，2028 年以后两条线又走到一起——
# **缺的那三届学生补不回来**。
#
# *Three years late: the places target is lost, some who are willing find no place, the general share rises. The lines
# meet again later; the classes in between do not come back.*

# %% [markdown]
# ## 5. 自己写一项措施 · A lever of your own
#
# 普高招生计划从 2022 年起多 10%。普高计划由市里定（目录把 `intake_plan` 整体记在省，是因为高校计划归省）。
# 在 Python 里写的 `Lever` 不会自动查错，先用 `require_key` 和 `require_in_bounds` 对一遍名称和数值；
# 写成 YAML 情景文件则会自动检查。
#
# *General-school seats up 10 % from 2022. A lever written in Python is not checked as a YAML file is: check its names
# first.*

# %%
require_key("intake_plan", "general_high", "notebook")
require_in_bounds("intake_plan", 1.1, "notebook")
more_general = Lever(
    name="more general seats",
    quantity="intake_plan",
    region="zhejiang",
    key="general_high",
    operation="multiply",
    value=1.1,
    start=2022,
    end=None,
    owner="city",
    source="本篇自设，试强度 (made up here, a test of strength)",
    where="notebook",
    labels={"zh": "普高计划多 10%", "en": "10 % more general seats"},
)
base = simvet.load_scenario("zhejiang")
variant = replace(base.with_levers(more_general), name="zhejiang_more_general", labels={"zh": "浙江省·普高计划多 10%", "en": "Zhejiang · 10 % more general seats"})
general = simvet.compare(base, variant, draws=DRAWS)
differences(general)

# %% [markdown]
# ## 6. 目标之间的冲突 · Targets in conflict
#
# 多招普高，升学比例 **上升**：中职毕业生少了，升学的名额没少，人均机会多了。
# 可是中职在校生 **下降**，普职比也偏离“大体相当”。同一个动作，帮一个目标，伤两个目标。
#
# *More general seats raise progression (fewer graduates share the same seats), cost vocational enrolment, and tip the
# balance of general and vocational. One move helps one target and hurts two.*

# %%
comparison_chart(general, "progression_rate")

# %%
comparison_chart(general, "enrolment", "secondary_vocational")

# %%
comparison_chart(general, "general_vocational_ratio")

# %% [markdown]
# 所以“升学比例上去了”本身不说明职业教育变强了：分母变小也会上去。看一项措施，要把全部目标摆在一起看。
#
# *A higher progression rate alone does not mean stronger vocational education: a smaller denominator raises it too.*

# %%
probability_board(general.second.verdicts(causes=False), title=variant.labels["zh"])

# %%
fan_chart(general.second, "universal_admission", "higher_vocational")

# %% [markdown]
# 最后一张：愿意读高职的人有多少读得上，中位数还不到九成，离 100% 还远——多招普高对它几乎没有帮助。
#
# **小结**
#
# | 措施 | 归谁管 | 到 2025 年 |
# |---|---|---|
# | 高职计划多投向中职生 | 省 | 升学比例大幅上升 |
# | 一体化 40%，2021 年起 | 省 | 升学比例大幅上升 |
# | 一体化 40%，2023 年起 | 省 | 不起作用，2026 年才见效 |
# | 新校 2026 年启用（而非 2023 年） | 市 | 学位目标落空 |
# | 普高计划多 10% | 市 | 升学比例升，中职在校生降 |
#
# *Summary: the strongest levers on progression lie with the province and must be pulled three years ahead; what the city
# owns is places, their date, and the general-school plan, which sets two targets against each other.*
