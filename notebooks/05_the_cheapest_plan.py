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
# # 五、最省钱的方案 · The cheapest plan
#
# 反过来问：要让目标有八成把握，哪些措施、拉到哪里、一共要花多少钱？做不到时，为什么做不到，最小的退让是什么？
#
# > **先说清楚**：单价多为假定、区间很宽（`data/levers/costs.csv`），费用只用来排先后；**不是预算**。
# >
# > *The inverse question: which levers, how far, for how much, so that targets become likely; where none does: why, and
# > the smallest step back. Prices are mostly assumed and wide: they rank measures and are no budget.*

# %%
# %matplotlib inline
import pandas as pd

import simvet
from simvet import studies
from simvet.controls import find_control, levers_of
from simvet.report.figures import fan_chart
from simvet.report.solve_figures import front_chart
from simvet.report.solve_tables import answer_frames
from simvet.report.solve_words import barred_sentences, check_sentence, move_text, verdict_sentence
from simvet.report.tuning import tuning_widget

pd.set_option("display.max_colwidth", None)

# %% [markdown]
# ## 1. 一项目标 · One target
#
# 浙江：中职毕业生升学比例 50%，措施从 2024 年起。求解后用另一组随机数独立复核。
#
# *Zhejiang: 50 % progression, levers from 2024; the answer is checked by an independent run with other luck.*

# %%
wishes = studies.Wishes(targets=("progression_rate",), draws=150, workers=1, front=True, order=True)
answer = studies.solve("zhejiang", wishes)
print(verdict_sentence(answer, "zh"))
for move in answer.moves:
    print("·", move_text(move, "zh"))
print(check_sentence(answer, "zh"))

# %% [markdown]
# 方案里的措施真的拉上去，扇形图应当越过 50%。 *Pulled for real, the fan passes 50 %.*

# %%
scenario = simvet.load_scenario("zhejiang").with_horizon(2030)
pulled = [
    lever
    for move in answer.moves
    for lever in levers_of(find_control(move.name), move.value, move.start, None, False, "zhejiang")
]
planned = simvet.simulate(scenario.with_levers(*pulled), draws=300, seed=12)
fan_chart(planned, "progression_rate", "secondary_vocational")

# %%
fan_chart(simvet.simulate(scenario, draws=300, seed=12), "progression_rate", "secondary_vocational")

# %% [markdown]
# ## 2. 先做哪一项 · Which measure first
#
# 每一步选“每多一个百分点最便宜”的措施。 *At each step the cheapest further point.*

# %%
answer_frames(answer)["order"].round(3)

# %% [markdown]
# ## 3. 多项目标与前沿 · Many targets, and the front
#
# 主要目标一起求：每多达到一项要多花多少。 *The headline targets together: what each further one costs.*

# %%
many = studies.solve("zhejiang", studies.Wishes(draws=150, workers=1, front=True))
print(verdict_sentence(many, "zh"))
front_chart(many)

# %% [markdown]
# ## 4. 做不到时 · Where there is none
#
# 舟山：高职在校生 1 万人单独看也达不到；退让多少、推迟几年可以，用话说出来。
#
# *Zhoushan: 10,000 college students are out of reach even alone; what can be is said in words.*

# %%
zhoushan = studies.solve("zhoushan", studies.Wishes(draws=150, workers=1))
print(verdict_sentence(zhoushan, "zh"))
for line in barred_sentences(zhoushan, "zh") + barred_sentences(zhoushan, "en"):
    print("·", line)

# %% [markdown]
# ## 5. 自己拉一拉 · Tune it yourself
#
# 下面的滑块不需要服务器，也不需要内核：每个位置都已经真正算过。 *The sliders need neither server nor kernel.*

# %%
tuning_widget("zhejiang", ("college_intake", "college_seats_for_vocational"), ("progression_rate",), draws=100, stops=5)
