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
# # 四、一批试验和它的敏感性 · A batch, and what decides it
#
# 一次模拟回答“会怎样”，一批模拟回答“取决于什么”。这里：读一项研究（YAML 文件），分块运行、写到磁盘、中断后续跑；
# 再看哪些措施和哪些不确定的数字决定结果，以及目标在哪些未来里落空。
#
# > **先说清楚**：输入大多是范围很宽的假定，**不是预测**；敏感性说的是“假定里哪一个最要紧”。
# >
# > *One run says what happens; a batch says what it depends on. A study is read from YAML, run in keyed chunks onto disk
# > and resumed where it stopped; then: which levers and uncertain numbers decide, and in which futures a target fails.*

# %%
# %matplotlib inline
import tempfile
from pathlib import Path

import pandas as pd

from simvet import studies
from simvet.loading import load_scenario
from simvet.report.discovery_figures import box_chart
from simvet.report.study_figures import morris_chart, sobol_chart, tornado_chart
from simvet.report.study_words import discovery_sentences
from simvet.sampling import Uncertainty
from simvet.studies.outcomes import target_outcomes

pd.set_option("display.max_colwidth", None)

# %% [markdown]
# ## 1. 一项研究 · A study
#
# 研究写明：哪个情景，拉哪些**措施**（有人决定），变哪些**不确定的数字**（自然发生），读哪些**结果**，用什么设计。
#
# *A study names the scenario, the levers (somebody decides), the uncertainties (they happen), the outcomes, the design.*

# %%
study = studies.load_study("zhoushan_places")
print(study.labels["zh"], "·", study.design, study.points, "×", study.draws)
pd.DataFrame(
    [(factor.kind, factor.name, factor.low, factor.high, factor.unit) for factor in study.factors],
    columns=["kind", "name", "low", "high", "unit"],
)

# %% [markdown]
# ## 2. 运行、写盘、续跑 · Run, keep, resume
#
# 每一块有自己的编号；再运行一次同一命令，已完成的块不会重做。换执行器（本进程、多进程、Dask），结果逐字节相同。
#
# *Every chunk has its number: the same command again repeats none that is finished. Any executor gives the same bytes.*

# %%
with tempfile.TemporaryDirectory() as spare:
    folder = Path(spare) / "places"
    first = studies.ensemble(study, folder, "here")
    again = studies.ensemble(study, folder, "here")
    names = sorted(path.name for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    draws = again.draws()
    summary = again.dataset()
print(first.counts["computed"], again.counts["kept_before"], again.counts["computed"])
print(names)
draws.head(3)

# %%
summary[["median", "probability"]].sel(outcome="places__secondary_vocational__2025").to_dataframe()[
    ["places", "zhoushan.new_school.start", "median", "probability"]
].head(6).round(2)

# %% [markdown]
# ## 3. 全部不确定数字的筛选 · Screening every uncertain number
#
# 浙江的 300 多个不确定数字一次全部筛选（Morris）：各世界并排计算，几秒钟。
#
# *All uncertain numbers of Zhejiang at once (Morris): the worlds run side by side, in seconds.*

# %%
zhejiang = load_scenario("zhejiang").with_horizon(2025)
known = studies.uncertainties(zhejiang)
progression = tuple(target_outcomes(zhejiang, ["progression_rate"], "notebook"))
still = Uncertainty(parameters=False, opening=False, drift=False)
everything = studies.study_of(
    zhejiang, factors=tuple(known.values()), outcomes=progression, draws=1, noise=still, design="latin_hypercube"
)
screened = studies.sensitivity(everything, "morris", 6)
print(len(known), screened.experiments)
morris_chart(screened, most=10)

# %% [markdown]
# ## 4. 方差由谁贡献 · Shares of the variance
#
# 最要紧的几个再做 Sobol 分解；误差、负值和“合计不到 1”都有说明，不光秃秃地打印。
#
# *The strongest few by Sobol indices, with bands; what is negative or unstable is explained and never printed bare.*

# %%
strongest = tuple(known[row.factor.name] for row in screened.answers[0].rows[:5])
few = studies.study_of(
    zhejiang, factors=strongest, outcomes=progression, draws=1, noise=still, design="latin_hypercube"
)
shares = studies.sensitivity(few, "sobol", 256)
sobol_chart(shares)

# %%
tornado_chart(studies.tornado(few))

# %% [markdown]
# ## 5. 在哪些未来里落空 · In which futures it fails
#
# 每个未来有自己的随机数；PRIM 在其中找一个框：框里几乎都落空，框外少得多。
#
# *Every future has a luck of its own; PRIM looks for a box in which nearly all of them fail.*

# %%
futures = studies.load_study("zhejiang_futures")
found = studies.discover(studies.ensemble(futures, executor="here"), "topup_rate", threshold=None)
for sentence in discovery_sentences(found, "zh") + discovery_sentences(found, "en"):
    print(sentence)
box_chart(found)
