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
# # 三、逐人模拟与群组模拟：先对得上，再看差在哪里 · Agents and cohorts agree
#
# simvet 有两个引擎。**群组引擎** 按学段、轨道、年级数人头，概率和区间都由它算。**逐人引擎** 给每个学生一行：
# 县区、成绩、学校、专业，逐个填志愿、逐个录取；学校也逐个做决定。学年、政策、账簿相同，只是一个数人头，一个跟着人走。
#
# 以舟山为例看四件事：规则相同时两个引擎是否一致；多开一项规则，数字变在哪里；中考这一关谁进了哪里、换录取办法会怎样；
# 一名学生在两种政策下的两种经历。
#
# > **先说清楚**：以下都是模型结果，**不是预测**。学校名单是 **合成** 的（没有一所是真实学校），填志愿的习惯是假定的。
# > 逐人引擎默认只跑一个“世界”，数字取最可能值，所以给不出概率。
# >
# > *The cohort engine counts heads; the agent engine gives every student a row, a list and a school. Do they agree under
# > the same rules, what does each further rule change, who gets in where, and what would another policy have made of one
# > student? The schools are synthetic, the habits assumed; nothing here is a forecast.*

# %%
# %matplotlib inline
from dataclasses import replace

import numpy as np
import pandas as pd
from IPython.display import Markdown, display

import simvet
from simvet.report.canvas import FIRST, INK, MARK, PALE, SECOND, entitle, scale_axis, sheet
from simvet.report.wording import number, word
from simvet.rules.matching import SUPPLEMENTARY
from simvet.schools import known_fields

pd.set_option("display.max_colwidth", None)
UNTIL = 2030

# %% [markdown]
# ## 1. 规则相同，结果就该相同 · Same rules, same numbers
#
# “同口径”把只属于逐人引擎的东西都关掉：没有学校和县区，志愿不限个数，每次考试的成绩重新抽。差别只能来自 **偶然**。
# 偶然有多大？让群组引擎也按整数的人来算，换许多次运气，标准差就是尺子。比的数很多，总有几个差得大，
# 所以警戒线随个数抬高：仅凭偶然，一千次里只有一次会越线。越了线就是程序错了，`found.require_agreement()` 会报错。
#
# *Parity switches off what only the agent engine has. What is left is chance, which runs of the cohort engine in whole
# persons measure; chance alone crosses the alarm once in a thousand such tables.*

# %%
found = simvet.reconcile("zhoushan", until=UNTIL)
assert found.agree and found.largest <= found.bound and found.expected < found.bound
Markdown(
    f"比较了 {found.cells} 个数（各轨道每个年级的在校生、每一关的录取人数），群组引擎重复 {found.replications} 次。"
    f"最大差值 **{found.largest:.1f}** 个标准差；仅凭偶然，预计最大约 {found.expected:.1f}；警戒线 {found.bound:.1f}。**两个引擎一致**。"
)

# %%
STAGES = ("primary", "middle", "general_high", "secondary_vocational", "higher_vocational", "bachelor")
steps = {step.key: step for step in found.steps}
at = {stage: found.scenario.pathway.stages.index(stage) for stage in STAGES}
years = np.array(steps["parity"].books.years)
scores = steps["parity"].score[0, 1:, 0][:, list(at.values())]
width = len(years) + 3
figure, (axes,) = sheet(4.1)
axes.axhspan(-2, 2, color=PALE, alpha=0.35, lw=0, label="±2 个标准差")
axes.hlines([-found.bound, found.bound], -2, len(STAGES) * width, color=SECOND, lw=1.6, label="警戒线")
axes.hlines([-found.expected, found.expected], -2, len(STAGES) * width, color=INK, lw=1, ls="--", label="仅凭偶然预计的最大值")
axes.axhline(0, color=INK, lw=0.6)
for place, drawn in enumerate(scores.T):
    axes.plot(place * width + np.arange(len(drawn)), drawn, color=FIRST, lw=0.8, marker="o", ms=3.5)
titles = [f"{word('stage', stage, 'zh')}\n{years[1]}–{years[-1]}" for stage in STAGES]
axes.set_xticks(np.arange(len(STAGES)) * width + len(years) / 2 - 1, titles)
axes.set(xlim=(-2, len(STAGES) * width - 2), ylabel="差值（标准差倍数）")
entitle(axes, "同口径：逐人引擎与群组引擎的在校生之差")
assert np.abs(scores).max() < found.bound and np.mean(np.abs(scores) < 2) > 0.8
figure

# %% [markdown]
# 每一格是一个学段，从左到右是各年，点在零的两边走动。同一批学生要在校几年，所以相邻年份的偏差相近，这不是偏向。
#
# *One strip a stage, the years from left to right. Neighbouring years are alike because the same students stay for years.*
#
# ## 2. 一项一项打开 · One feature at a time
#
# | 步骤 | 多了什么 | 预计会怎样 |
# |---|---|---|
# | 同口径 | （没有） | 只差偶然 |
# | ＋记住成绩 | 这次考得好的人，下次多半也好 | 换了“谁”，没换“多少” |
# | ＋学校与志愿 | 学位属于某所学校、某个县区、某个专业；志愿有限，多数填在附近 | 想去的满了，没满的没人填：**空位旁边有人没学上** |
# | ＋学校决策 | 专业、班级随报考调整，口碑随升学和设备变动 | 热门的多招，冷门的少招 |
#
# *Remembered scores change who moves up, not how many. Schools tie seats to a place and a field, and lists end: seats stay
# empty beside students without one. Then schools shift classes and fields, and reputations move.*

# %%
NAMES = {"parity": "同口径", "scores": "＋记住成绩", "schools": "＋学校与志愿", "decisions": "＋学校决策"}
LOOK = {"parity": (FIRST, "-"), "scores": (FIRST, ":"), "schools": (SECOND, "--"), "decisions": (MARK, "-")}
figure, panels = sheet(6.4, (1, 1))
for axes, stage in zip(panels, ("secondary_vocational", "bachelor"), strict=True):
    mean, error = found.mean[0, :, 0, at[stage]], found.error[0, :, 0, at[stage]]
    axes.fill_between(years, mean - 2 * error, mean + 2 * error, color=PALE, alpha=0.6, lw=0, label="群组引擎均值 ±2 个标准差")
    for key, (colour, line) in LOOK.items():
        axes.plot(years, mean + steps[key].difference[0, :, 0, at[stage]], color=colour, ls=line, lw=1.4, label=NAMES[key])
    scale_axis(axes, "y", 1e4)
    axes.set(ylabel=f"{word('stage', stage, 'zh')}在校生（万人）", xlim=(years[0], years[-1]), xticks=years[::2])
entitle(panels[0], "舟山市在校生：群组引擎与逐人引擎的四步", columns=3)
figure

# %%
heads = np.maximum(found.mean[0, -5:, 0].mean(axis=0), 1.0)
share = {key: step.difference[0, -5:, 0].mean(axis=0) / heads for key, step in steps.items()}
score = {key: step.score[0, -5:, 0].mean(axis=0) for key, step in steps.items()}
table = pd.DataFrame({"群组均值": {stage: number(heads[place], "persons", "zh") for stage, place in at.items()}})
for key, name in NAMES.items():
    table[name] = [f"{share[key][place]:+.2%}（{score[key][place]:+.1f} 倍）" for place in at.values()]
table.index = pd.Index([word("stage", stage, "zh") for stage in STAGES], name=f"{years[-5]}–{UNTIL} 年平均在校生")
table

# %%
without = {key: int(step.books.arrays["unplaced"][0, 1:, 0, 0].sum()) for key, step in steps.items()}
assert np.abs(steps["scores"].score[0, 1:, 0]).max() < found.bound
for key, step in steps.items():
    assert all(np.array_equal(step.score[..., at[s]], steps["parity"].score[..., at[s]]) for s in ("primary", "middle"))
    assert abs(share[key][at["general_high"]]) < 0.01
for place in (at["secondary_vocational"], at["bachelor"]):
    assert all(-0.05 < share[key][place] < 0 and score[key][place] < -2 for key in ("schools", "decisions"))
    assert abs(share["decisions"][place] - share["schools"][place]) < 0.01
assert without["schools"] > 3 * without["parity"]
Markdown(f"{years[1]}–{UNTIL} 年中考未录取的人：" + "，".join(f"{name} {without[key]:,}" for key, name in NAMES.items()) + "。")

# %% [markdown]
# - **小学、初中** 各步完全一样：它们不填志愿，碰到的是同样的运气。**普高** 总能招满，几乎不变。
# - **记住成绩** 没有越出偶然的范围。
# - **学校与志愿** 使中职和本地本科略少，超出偶然，但不过百分之几：想去的中职满了、又不去别处的人没有学上；
#   本科计划分属院校和专业，有冷有热，没录上的人去了外地或不再升学。
# - **学校决策** 再改变的不到 1%。
#
# 后两步的差不是误差，而是这些机制的作用。大小取决于合成的名单和假定的习惯：**方向可以参考，人数不可当真**。
#
# *Primary and middle schools meet the same luck in every step, and general schools fill. Schools with lists leave some
# without a place while vocational seats stay empty, and send more of the general leavers elsewhere. Trust the direction,
# not the heads.*
#
# ## 3. 中考这一关 · The entry gate
#
# `engine="agents"` 直接跑全部打开的逐人引擎，一个世界只要几秒。`matching()` 说每一关报名的人和学位怎样相遇：
# “未录取”是填了志愿、都满了、又没有去征集志愿的人；“没填志愿”是自己不再升学的人。第一志愿录取率按填了志愿的人算。
#
# *`matching()` tells how applicants and seats met. Unplaced are those whose programmes were all full and who took nothing
# else; those without a list chose to stop.*

# %%
result = simvet.simulate("zhoushan", engine="agents", until=UNTIL)


def entry_of(run):
    """Return the rows of the entry gate, one a year; those who named programmes and got none are unplaced."""
    frame = run.matching().query("gate == 'senior_secondary'").set_index("year")
    return frame.assign(unplaced=frame["listed"] - frame["placed"])


entry = entry_of(result)
COLUMNS = {
    "applicants": "报名（人）", "listed": "填了志愿", "placed": "录取", "supplementary": "其中征集志愿", "unplaced": "未录取",
    "unfilled": "空余学位", "first_choice_share": "第一志愿录取率", "mismatch_share": "中职生跨县区就读",
}  # fmt: skip


def as_text(frame):
    """Return a table with shares in per cent and persons in whole numbers."""
    return frame.apply(lambda column: column.map(("{:.1%}" if column.max() < 1 else "{:,.0f}").format))


as_text(entry[list(COLUMNS)].rename(columns=COLUMNS).rename_axis("年份"))

# %%
offers = result.admissions()
offers = offers[offers["gate"] == "senior_secondary"]
opened = offers.loc[offers["code"].str.startswith("project"), "year"].min()
before, after, refused = entry.loc[opened - 1, "unfilled"], entry.loc[opened:, "unfilled"], entry["unplaced"]
general = offers.loc[offers["option"] == "general_high/regular", "first_choices"].sum() / entry["listed"].sum()
assert np.array_equal(refused, result.books.arrays["unplaced"][0, 1:, 0, 0])
assert after.min() > before + 300 and 0 < refused.min() <= refused.max() < 0.03 * entry["applicants"].min()
assert 0.6 < general < 0.9 and entry["first_choice_share"].between(0.5, 0.75).all()
Markdown(
    f"新校 {opened} 年启用：前一年空余学位 {before:,} 个，此后每年 {after.min():,}–{after.max():,} 个；"
    f"第一志愿中普高占 {general:.0%}；每年未录取 {refused.min()}–{refused.max()} 人。"
)

# %% [markdown]
# **学位多了，报名的人没有随之增加**，而且多数人的第一志愿是普高。空位旁边仍有人未录取：他们填的志愿都满了，
# 空位在别的学校、别的专业，他们没有去。群组引擎看得到空位的总数，看不到这些人。
#
# 录取线：`admissions()` 每个专业一行。成绩用位置表示：60% 是说录取的人里分数最低的那个胜过 60% 的考生；没招满就没有线。
# 普高只招本县区的学生，所以按县区分行；点的大小是招生计划。
#
# *Cut-offs are shares of the applicants that the lowest admitted left behind; none where seats are left. General schools
# admit from their own district and stand in rows by district; the size of a dot is its seats.*

# %%
YEAR = 2025
shown = offers[offers["year"] == YEAR]
TRACKS = {"integrated_bachelor": "中本一体", "integrated_higher": "中高职一体", "regular": "普通中职"}
kinds = shown["option"].str.split("/").str[1].map(TRACKS)
kinds = kinds.mask(shown["option"] == "general_high/regular", "普高\n第 " + shown["district"].astype(str) + " 县区")
rows = [*sorted(kinds[kinds.str.startswith("普高")].unique()), *TRACKS.values()]
figure, (axes,) = sheet(4.6)
for place, kind in enumerate(rows):
    group = shown[kinds == kind]
    colour = FIRST if kind.startswith("普高") else SECOND
    axes.scatter(group["cutoff"], np.full(len(group), place), s=group["seats"] * 0.6, color=colour, alpha=0.5, lw=0)
    axes.text(0.99, place, f"共 {len(group)}，未满 {group['cutoff'].isna().sum()}", va="center", ha="right", fontsize=9)
axes.set_yticks(range(len(rows)), rows)
axes.set_xticks(np.arange(0, 0.81, 0.2), [f"{n}%" for n in range(0, 81, 20)])
axes.set(xlim=(-0.03, 1), ylim=(len(rows) - 0.4, -0.6), xlabel="录取线：录取者中的最低分胜过的考生比例")
axes.set_title(f"舟山市 {YEAR} 年中考录取线（合成学校；右边是学校或专业的个数）", loc="left", fontsize=12, pad=10)
high, joint, plain = (shown.loc[kinds.str.startswith(kind), "cutoff"] for kind in ("普高", "中高职一体", "普通中职"))
assert not plain.max() >= 0.2 and plain.isna().mean() > 0.5
assert high.max() > joint.max() + 0.1 and high.min() < joint.median() and np.ptp(joint.dropna()) < np.ptp(high.dropna())
figure

# %% [markdown]
# 普高的线拉得开，同一县区里几所学校就差很多；中高职一体化的线挤在一起，高于最冷门的普高；
# 普通中职多数专业没有招满，招满的也几乎没有门槛。换成真实名单（`--schools`）才能拿来说具体的学校。
#
# *General schools spread widely, even within a district; integrated tracks lie close together, above the least
# sought general schools; most plain vocational programmes do not fill.*
#
# ## 4. 换一种录取办法 · Another way to admit
#
# 平行志愿：按分数从高到低，轮到谁，谁进志愿表上第一个还有空位的。延迟录取：学校先暂收，后来有优先的人可以换下；
# 没有县区加分时两者应当 **完全相同**。志愿优先：先录第一志愿，再录第二志愿，不管分数。
#
# *Serial dictatorship, deferred acceptance (the same without home points), immediate acceptance, and a shorter list.*

# %%
base = simvet.load_scenario("zhoushan").with_horizon(2019)
assert base.agents.numbers()["list_length"] == 10
RULES = {
    "平行志愿": {"mechanism": "serial_dictatorship"},
    "延迟录取": {"mechanism": "deferred_acceptance"},
    "延迟录取，本县区加 30 分": {"mechanism": "deferred_acceptance", "home_points": 300},
    "志愿优先": {"mechanism": "immediate_acceptance"},
    "平行志愿，只填 3 个": {"list_length": 3},
}
met = {
    name: entry_of(simvet.simulate(replace(base, agents=replace(base.agents, **choices)), engine="agents"))
    for name, choices in RULES.items()
}
mechanisms = pd.DataFrame({name: frame[list(COLUMNS)[2:]].sum() for name, frame in met.items()}).T.rename(columns=COLUMNS)
mechanisms["第一志愿录取率"] = [np.average(frame["first_choice_share"], weights=frame["listed"]) for frame in met.values()]
mechanisms["中职生跨县区就读"] = [frame["mismatch_share"].mean() for frame in met.values()]
plain, home, kind, short = (mechanisms.loc[name] for name in list(RULES) if name != "延迟录取")
assert met["平行志愿"].equals(met["延迟录取"]) and not met["平行志愿"].equals(met["延迟录取，本县区加 30 分"])
assert kind["第一志愿录取率"] > mechanisms["第一志愿录取率"].drop("志愿优先").max() + 0.02
assert min(kind["其中征集志愿"], short["其中征集志愿"] / 2) > plain["其中征集志愿"] and short["空余学位"] > plain["空余学位"]
assert home["中职生跨县区就读"] < plain["中职生跨县区就读"] < short["中职生跨县区就读"]
as_text(mechanisms.rename_axis(f"{base.base_year + 1}–{base.until} 年合计"))

# %% [markdown]
# **志愿优先** 的第一志愿录取率最高，代价在别的列：第一志愿落空的人，第二、第三志愿已被占满，只好去征集志愿。
# 模型里人人照实填报；现实中这种办法逼着人保守填报，所以 **不能单看第一志愿录取率评价录取办法**。
# 志愿表从 10 个缩到 3 个，征集志愿录取的成倍增加，跨县区就读和空位也多了：多填几个志愿是最便宜的办法。
#
# *Immediate acceptance looks kinder by first choices; those who miss theirs fall far, and in life people would misstate
# their wishes. A list of three sends many more to the supplementary round and leaves more seats empty.*
#
# ## 5. 一名学生的两种经历 · One student, two lives
#
# 每个学生的每一次运气由他的编号、年份和事由决定，两个情景里的同一个人遇到同样的运气：路分开了，就是政策分开的。
# 另一情景里，新校拖到 2023 年才立项。先抽查，再找一个人：基准情景下读了中职又升学，新校来得晚则中考时没有学上。
#
# *Every chance hangs on the person, the year and the matter: where two lives part, it is the policy that parts them.
# Look some up; then find one who goes on to college, or, with the school late, finds no place at fifteen.*

# %%
late = simvet.simulate("zhoushan_school_late", engine="agents", until=UNTIL)
EVERY = 20
lives = [result.biography(row, late) for row in range(0, result.agents.populations[0].students.rows, EVERY)]
parted = [life for life in lives if life.parts and life.other]
lost = [life for life in parted if (life.other[-1].what, life.other[-1].year) == ("unplaced", life.parts)]
went_on = [life for life in lost if {"higher_vocational", "bachelor"} & {chapter.stage for chapter in life.chapters}]
assert min(life.parts for life in parted) >= opened and 0 < len(went_on) < 0.5 * len(lost) < 0.25 * len(parted)
Markdown(
    f"抽查 {len(lives):,} 人（每 {EVERY} 人 1 人），{len(parted)} 人的路分开了，最早在 {min(life.parts for life in parted)} 年；"
    f"{len(lost)} 人因新校来得晚而没有学上，他们中 {len(went_on)} 人在基准情景下到 {UNTIL} 年已在本地升学。"
)

# %%
def in_words(chapter):
    """Return one autumn of a life in words."""
    what = word("text", f"life_{chapter.what}", "zh")
    if not chapter.stage:
        return what
    rank = "征集志愿" if chapter.rank == SUPPLEMENTARY else f"第 {chapter.rank} 志愿" if chapter.rank else ""
    field = known_fields()[chapter.field].labels["zh"] if chapter.field else ""
    place = f"{what}：{word('stage', chapter.stage, 'zh')} {chapter.grade} 年级"
    return " · ".join(part for part in (place, chapter.school, field, rank) if part)


life = went_on[0]
told = {"基准": life.chapters, "新校 2023 年才立项": life.other}
both = pd.DataFrame({name: {c.year: in_words(c) for c in chapters} for name, chapters in told.items()}).sort_index()
both[""] = np.where(both.index == life.parts, "← 分开", "")
display(Markdown(f"学生 {life.person}，第 {life.district} 县区，基准情景下最近一次考试 {life.score / 10:.0f} 分（满分 750）："))
both.fillna("–").rename_axis("年份")

# %% [markdown]
# 少一个位子，后面的人依次挪动，所以多数人只是换了学校、专业或志愿序号，总数里看不到。
#
# *Most of those whose lives part only move to another school or field, which no total shows.*
#
# **小结**：目标能否达成、可能性多大、卡在哪里，用群组引擎，快，有概率和区间。哪所学校、哪个专业空着，旁边谁没学上，
# 换录取办法会怎样，一项政策落到谁身上，用逐人引擎。逐人引擎不比群组引擎“更准”，只是更细：细的部分靠的是合成名单和假定的习惯。
#
# *The agent engine is not more accurate, it is finer, and what is finer rests on assumed habits and a synthetic list.*
