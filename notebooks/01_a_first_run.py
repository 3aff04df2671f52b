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
# # 一、第一次运行 · A first run
#
# 写给教育局的规划人员和研究者：读入浙江省的基准情景，模拟 300 次，看规划目标能否达成、可能性多大、卡在哪里，
# 再看区间里装的是什么、期初数字靠什么支撑。
#
# > **先说清楚**：以下都是模型结果。多数输入没有公布数字，是带着很宽的范围假定的；
# > 结果说的是“由公布数字和这些范围能推出什么”，**不是预测**。
# >
# > *For planners and researchers: run Zhejiang's base scenario, read its verdicts, and see what the bands are made of.
# > These are model results from wide, assumed inputs, not forecasts.*

# %%
# %matplotlib inline
import numpy as np
import pandas as pd

import simvet
from simvet.report.export import verdict_frame
from simvet.report.figures import fan_chart, probability_board
from simvet.report.terminal import bound_text, cause_text, figure_name, target_name
from simvet.report.wording import number, word

pd.set_option("display.max_colwidth", None)

# %% [markdown]
# ## 1. 读入情景，模拟 · Load and simulate
#
# 情景是 `scenarios/` 里的一个小文件；`simvet list` 可列出全部。同一随机种子总是得到同样的结果。
#
# *A scenario is a small file; the same seed gives the same bytes.*

# %%
scenario = simvet.load_scenario("zhejiang")
result = simvet.simulate(scenario, draws=300, seed=1)
print(scenario.labels["zh"], f"{scenario.base_year}–{scenario.until} 年", f"{result.draws} 次抽样", sep="，")

# %% [markdown]
# ## 2. 规划目标研判 · The verdicts
#
# 每项目标一行：目标值、目标年的中位数与 80% 区间、达成概率（± 蒙特卡洛误差）、首次达成的年份
# （中位意义上，即半数以上抽样达到）、约束因素（逐一放宽 10%，谁最能提高概率）。
#
# *One row a target. The binding cause is the limit whose relaxation by 10 % raises the probability most.*

# %%
verdicts = result.verdicts()
pd.DataFrame(
    [
        {
            "指标": target_name(v.target, "zh"),
            "规划": word("document", v.target.document, "zh"),
            "目标": bound_text(v, "zh"),
            "年份": v.target.year,
            "中位数": number(v.median, v.unit, "zh"),
            "80% 区间": f"{number(v.low, v.unit, 'zh')} – {number(v.high, v.unit, 'zh')}",
            "达成概率": f"{v.probability:.0%} ±{v.error * 100:.1f}",
            "首次达成": "（基期校验）" if v.target.kind == "baseline" else v.first_year or f"{v.until} 年前未达",
            "约束因素（放宽 10% 的效果）": cause_text(v, "zh"),
        }
        for v in verdicts
    ]
)

# %%
probability_board(verdicts)

# %% [markdown]
# 概率旁的 ± 只是抽样次数带来的误差，增加 `draws` 就会变小；假定数字的宽窄不在其中。
# 要拿去算的表用 `verdict_frame`：一列一个量，数值不带格式。
#
# *The ± is Monte Carlo error only: more draws shrink it, better data do not. `verdict_frame` gives bare numbers.*

# %%
verdict_frame(verdicts)[["name_zh", "unit", "bound", "year", "median", "low_80", "high_80", "probability", "monte_carlo_error"]].round(4)

# %% [markdown]
# ## 3. 逐年的数 · Year by year
#
# `to_frame()` 是整齐的长表：指标、学段、年份、单位、中位数、80% 区间。
#
# *A tidy table with a unit on every row.*

# %%
frame = result.to_frame()
frame[(frame.indicator == "progression_rate") & frame.year.between(2020, 2026)].round(4)

# %% [markdown]
# `to_dataset()` 是全部账簿（xarray）：每次抽样、每年、每条轨道，变量带单位和中英文说明。
#
# *The whole books as an xarray dataset, units and long names included.*

# %%
dataset = result.to_dataset()
pd.DataFrame(
    [
        {"变量": name, "说明": dataset[name].attrs["long_name"], "单位": dataset[name].attrs["units"], "维度": " × ".join(dataset[name].dims)}
        for name in ("stock", "entrants", "graduates", "placed", "unplaced", "stage_seats", "teachers")
    ]
)

# %% [markdown]
# ## 4. 扇形图 · Fans
#
# 实线是中位数，深色带装下一半的抽样，浅色带装下八成；短横线是规划目标，点划线是从基期到目标的序时进度。
#
# *Line: median; dark band: half of the draws; light band: 80 %; bar: the plan's target; dash-dots: its milestones.*

# %%
fan_chart(result, "progression_rate", milestone=True)

# %%
fan_chart(result, "enrolment", "secondary_vocational", milestone=True)

# %% [markdown]
# 读图：中职升学比例要在 2025 年到 50%，规划的直线从第三年起就走在区间的上沿；中职在校生的目标则从中间穿过区间，
# 达不达成接近各半。两张图里的区间在第一年很窄（期初数是公布的），几年后变宽。
#
# *Progression: the planned line runs along the upper edge of the band. Enrolment: the target cuts through its middle.*

# %% [markdown]
# ## 5. 区间里装的是什么 · What the bands contain
#
# 三类不确定性，可以逐一打开：**参数**（假定的数字，从其范围中抽）、**期初**（没有公布的存量怎样分布）、
# **漂移**（比率逐年游走）。第四类 **偶然**（某个学生恰好考上或没考上）默认不算。下表每次只打开一类，
# 看 2025 年 80% 区间有多宽。
#
# *One kind of uncertainty at a time: width of the 80 % band in 2025. Chance of single persons is the fourth kind.*

# %%
KINDS = {"参数": "parameters", "期初": "opening", "漂移": "drift", "偶然": "chance"}
OFF = dict.fromkeys(KINDS.values(), False)


def band_width(region, uncertainty, name, stage, year=2025):
    """Return the width of the 80 % band of an indicator in a year, in its own unit."""
    run = simvet.simulate(region, draws=300, seed=1, until=year, uncertainty=uncertainty)
    low, high = np.nanquantile(run.indicator(name, stage)[:, -1, 0], [0.1, 0.9])
    return high - low


choices = {zh: simvet.Uncertainty(**{**OFF, key: True}) for zh, key in KINDS.items()}
choices["参数＋期初＋漂移（默认）"] = simvet.Uncertainty()
pd.DataFrame(
    [
        {
            "地区": word("region", region, "zh"),
            "只打开": zh,
            "中职升学比例": f"{band_width(region, kind, 'progression_rate', 'region') * 100:.2f} 百分点",
            "中职在校生": f"{band_width(region, kind, 'enrolment', 'secondary_vocational'):,.0f} 人",
        }
        for region in ("zhejiang", "zhoushan")
        for zh, kind in choices.items()
    ]
).set_index(["地区", "只打开"])

# %% [markdown]
# 一省几十万学生，个人的偶然几乎互相抵消，区间的宽度来自“不知道”，不是来自“运气”。
# 只有在舟山这样几千人的地方，偶然才看得出来，也仍远小于其余几类。所以：**要收窄区间，得去找数字，而不是多抽几次。**
#
# *Across a province chance cancels out; even in Zhoushan it is the smallest kind by far. Narrower bands need data.*

# %% [markdown]
# ## 6. 期初数字靠什么 · What the opening balance rests on
#
# 每个地区有八十多个期初未知数，公布或推算的数字只有十来个，其余靠核算恒等式和写明范围的假定。
# `simvet.check` 逐一去掉一个数字，看其余数字对它的预测（90% 区间）：落在区间外，就是 **矛盾**。
#
# *Leave one figure out, predict it from the others: outside the 90 % range is a tension.*

# %%
checks = [check for region in ("zhejiang", "wenzhou") for check in simvet.check(region, draws=200)]
pd.DataFrame(
    [
        {
            "地区": word("region", c.region, "zh"),
            "基期": c.base_year,
            "未知数": c.unknowns,
            "数字": c.figures,
            "恒等式": c.identities,
            "自由方向": c.free,
            "由数字解出": len(c.solved),
            "主要靠假定": len(c.assumed),
            "矛盾": sum(figure.tension for figure in c.figures_left_out),
        }
        for c in checks
    ]
)

# %%


def show(figure, *values):
    """Return values in the unit of a figure: shares in per cent, ratios bare, counts in persons."""
    unit = "share" if abs(figure.value) < 1 else "ratio" if abs(figure.value) < 10 else "persons"
    return " – ".join(number(value, unit, "zh") for value in values)


left_out = pd.DataFrame(
    [
        {
            "地区": word("region", c.region, "zh"),
            "数字": figure_name(figure.label, "zh"),
            "公布值": show(figure, figure.value),
            "其余数字的预测（90%）": f"{show(figure, figure.median)}（{show(figure, figure.low, figure.high)}）",
            "判断": "矛盾" if figure.tension else "相容",
        }
        for c in checks
        for figure in c.figures_left_out
    ]
)
left_out.sort_values("判断", key=lambda column: column != "矛盾", kind="stable").head(10)

# %% [markdown]
# 温州的矛盾出在普高：公布的在校生和毕业生比其余数字推出来的多。可能是口径（统计年份、民办与综合高中）不同，
# 也可能是模型对普高招生的假定偏低；在弄清之前，温州的普职比结论要打折扣读。
# 说出矛盾，是为了让人去查，不是为了把它调没。
#
# *Wenzhou's general high schools do not agree with the rest of its figures. A tension is named so that someone looks
# into it, not tuned away.*
#
# 下一本：`02_a_lever_and_its_owner`——一项措施归谁管、何时才起作用。
