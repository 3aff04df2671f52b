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
# # 六、换成你自己的地区 · Your own region
#
# 一个工作簿就是一个地区：从现成地区导出模板，换成自己的数，交回来检查、运行、研判，再调一调措施。
# 界面“数据”页下载和上传的，就是同一个工作簿。
#
# > **先说清楚**：这里的“云溪市”是 **虚构** 的，数字都是为演示编的，不代表任何地方，**更不是预测**。
# >
# > *One workbook is one region: take the template of a region that is there, put in your own numbers, hand it back to be
# > checked and run. The city of Yunxi and all its numbers are made up for this example. The page Data of the screen hands
# > out and takes in the same workbook.*

# %%
# %matplotlib inline
import os
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from openpyxl import load_workbook

import simvet
from simvet.comparison import Comparison
from simvet.errors import InputError
from simvet.loading.workbook_template import write_region_workbook
from simvet.own_region import check_region_workbook
from simvet.report.figures import comparison_chart, fan_chart, probability_board
from simvet.report.register import need_text
from simvet.report.terminal import bound_text, cause_text, change_text, probability_text, target_name
from simvet.report.tuning import tuning_widget
from simvet.report.wording import band, complain, number, word

pd.set_option("display.max_colwidth", None)
DRAWS = 300

# %% [markdown]
# 本篇写下的一切都放在一个临时文件夹里，最后一格删掉；自己用时，`SIMVET_REGIONS` 指向要长期保存地区的文件夹，
# 不设则放在缓存里。
#
# *Everything that is written here lies in a temporary folder that the last cell removes. For good, let SIMVET_REGIONS name
# the folder in which your regions shall stay.*

# %%
workspace = TemporaryDirectory(prefix="simvet_")
folder = Path(workspace.name)
before = {name: os.environ.get(name) for name in ("SIMVET_CACHE", "SIMVET_REGIONS")}
os.environ["SIMVET_CACHE"] = str(folder / "cache")
os.environ["SIMVET_REGIONS"] = str(folder / "regions")

# %% [markdown]
# ## 1. 导出模板 · The template
#
# 模板里已经填着丽水市的数，每张表、每一列的意思写在 `readme` 表里。
#
# *The template comes filled with Lishui's data; sheet readme says what every sheet and column means.*

# %%
path = folder / "yunxi.xlsx"
write_region_workbook("lishui", path)
book = load_workbook(path)
pd.DataFrame(
    [
        {"工作表": sheet.title, "行": sheet.max_row - 1, "说明": word("text", f"workbook_sheet_{sheet.title}", "zh")}
        for sheet in book
        if sheet.title != "readme"
    ]
)

# %% [markdown]
# ## 2. 填上自己的数 · Your own numbers
#
# 在 Excel 里就是改单元格；这里用 openpyxl 代替手。先写一个小函数：在某张表里找到唯一的一行，改一格，说出改了哪一格。
#
# *In Excel one would type; here openpyxl does. A small function finds the one row, changes one cell and says which.*


# %%
def put(sheet, column, value, **row):
    """Change one cell of the one row that has these values, and return where it stands."""
    cells = book[sheet]
    head = [cell.value for cell in cells[1]]
    found = [
        line for line in range(2, cells.max_row + 1)
        if all(cells.cell(line, head.index(name) + 1).value == wanted for name, wanted in row.items())
    ]
    assert len(found) == 1, f"{len(found)} rows have {row}"
    cell = cells.cell(found[0], head.index(column) + 1)
    old, cell.value = cell.value, value
    return {"单元格": f"{sheet}!{cell.coordinate}", "行": " / ".join(map(str, row.values())), "列": column, "原": old, "改为": value}


changes = [
    put("region", "value", "yunxi", key="region"),
    put("region", "value", "云溪市（虚构）", key="title_zh"),
    put("region", "value", "Yunxi (made up)", key="title_en"),
]

# %% [markdown]
# 云溪比丽水小。真正的规划人员会把每个人数换成当地公报的数；这里为演示一律取丽水的八成——
# 年级、招生、毕业、在校的数要彼此对得上，一起缩放自然对得上。地区代码也要逐行换。
#
# *Yunxi is smaller. A planner would type the counts of the city's own bulletin; here all counts of persons are set to
# 0.8 of Lishui's, which keeps grades, entrants, graduates and enrolment consistent. Every row names the new region.*

# %%
counts = 0
for name in ("figures", "assumptions", "resources"):
    sheet = book[name]
    at = {cell.value: cell.column for cell in sheet[1]}
    for line in range(2, sheet.max_row + 1):
        sheet.cell(line, at["region"]).value = "yunxi"
        if sheet.cell(line, at["unit"]).value in ("persons", "persons/year"):
            counts += 1
            for column in ("value", "low", "high"):
                cell = sheet.cell(line, at[column])
                if isinstance(cell.value, (int, float)):
                    cell.value = round(0.8 * cell.value)
f"{counts} 行人数已改"

# %% [markdown]
# 再改几项当地与丽水不同的地方：学位更紧，流失稍多，一体化起步较低，愿意专升本的更多。假定的数要连同下限、上限一起改。
#
# *What else differs here: fewer spare places, more dropout, fewer integrated tracks, more who want to top up. An assumed
# number changes together with its range.*

# %%
for indicator, stage, value, low, high in (
    ("spare_places", "region", 0.04, 0.0, 0.1),
    ("dropout_rate", "secondary_vocational", 0.02, 0.01, 0.04),
    ("integrated_higher_share_prior", "region", 0.18, 0.08, 0.3),
    ("willing_topup", "region", 0.5, 0.35, 0.7),
):
    which = {"indicator": indicator, "stage": stage, "use": "quantity"}
    changes += [put("assumptions", column, new, **which) for column, new in (("value", value), ("low", low), ("high", high))]
pd.DataFrame(changes).astype(str)

# %% [markdown]
# 目标换成云溪自己的四项（虚构），都到 2030 年。每行是指标、学段、方向、目标值、年份、中英文名称。
#
# *Four targets of Yunxi's own, made up, all for 2030: indicator, stage, comparator, bound, year, titles.*

# %%
targets = book["targets"]
targets.delete_rows(2, targets.max_row)
for row in (
    ("progression_rate", "secondary_vocational", ">=", 0.6, 2030, "中职毕业生升学比例", "progression of vocational graduates"),
    ("integrated_share", "secondary_vocational", ">=", 0.25, 2030, "中高职一体化招生占比", "integrated share of entrants"),
    ("topup_rate", "higher_vocational", ">=", 0.2, 2030, "高职毕业生专升本比例", "top-up rate of college graduates"),
    ("enrolment", "secondary_vocational", ">=", 26_000, 2030, "中职在校生", "secondary vocational enrolment"),
):
    targets.append(row)
put("region", "value", "progression_rate, integrated_share, topup_rate, enrolment", key="headlines")
book.save(path)

# %% [markdown]
# ## 3. 写错了会怎样 · A deliberate mistake
#
# 流失率的单位是比例，有人把 4% 写成了 4。检查会说出工作簿、表、单元格、错在哪里、怎么改；什么也不会留下。
#
# *Dropout is a share, and somebody writes 4 for 4 %. The check names workbook, sheet, cell, fault and cure, and keeps
# nothing.*

# %%
regions = folder / "regions"
put("assumptions", "value", 4, indicator="dropout_rate", stage="secondary_vocational", use="quantity")
book.save(folder / "mistake.xlsx")
try:
    check_region_workbook(folder / "mistake.xlsx", regions, "mistake.xlsx")
except InputError as error:
    print(complain(error, "zh"))
    print(error)
print("留下的地区：", list(regions.glob("*")))

# %% [markdown]
# ## 4. 交回来，运行 · Hand it back and run it
#
# 检查包括试跑一次：期初数据要配得平。通过后，地区有了自己的代码，末尾八位由内容算出，内容变了代码也变。
#
# *The check includes a short run: the opening must balance. The code of the region ends in a digest of its content.*

# %%
own = check_region_workbook(path, regions, path.name)
result = simvet.simulate(own, draws=DRAWS)
own.name, own.labels["zh"], f"{len(own.targets)} 项目标"

# %%
verdicts = result.verdicts()
pd.DataFrame(
    [
        {
            "目标": target_name(v.target, "zh"),
            "要求": f"{bound_text(v, 'zh')}（{v.target.year}）",
            "中位数（80% 区间）": band(v.median, v.low, v.high, v.unit, "zh"),
            "达成概率": probability_text(v),
            "约束因素": cause_text(v, "zh"),
            "所需": need_text(v, "zh"),
        }
        for v in verdicts
    ]
)

# %% [markdown]
# † 表示这项目标的基数是假定的，没有公布：先看“所需”，再看概率。
#
# *† marks a target whose base is assumed, not printed: read what it takes before how likely it is.*

# %%
probability_board(verdicts, title=own.labels["zh"])

# %%
fan_chart(result, "enrolment", "secondary_vocational")

# %% [markdown]
# ## 5. 与原来的地区相比 · Beside the region it was made from
#
# 随机数按地区名抽取。让丽水借用云溪的名字，两边就遇到同样的运气，差别只来自数据：期初各自配平，目标用云溪的。
# 人数差是缩放带来的；比例的差来自上面改的那几项假定。
#
# *Random numbers are addressed by the region's name. Lishui borrows Yunxi's, so both meet the same luck and what differs is
# the data; each balances its own opening, and both are asked about Yunxi's targets.*


# %%
def under_the_name_of(other, scenario):
    """Return a scenario of one region under the name and with the targets of another one."""
    (case,) = scenario.regions
    (name,) = (c.region for c in other.regions)
    return replace(
        scenario,
        regions=(replace(case, region=name),),
        rows={name: tuple(replace(row, region=name) for row in scenario.rows[case.region])},
        items={name: scenario.items[case.region]},
        projects=tuple(replace(project, region=name) for project in scenario.projects),
        targets=other.targets,
        headlines=other.headlines,
    )


original = simvet.simulate(under_the_name_of(own, simvet.load_scenario("lishui")), draws=DRAWS)
beside = Comparison(original, result, ())
figure = comparison_chart(beside, "progression_rate")
figure.axes[0].set_title("中职毕业生升学比例", loc="left", fontsize=12, pad=52)
figure

# %%
figure = comparison_chart(beside, "integrated_share")
figure.axes[0].set_title("中高职一体化招生占比", loc="left", fontsize=12, pad=52)
figure

# %%
rows = []
for one, two in zip(original.verdicts(causes=False), result.verdicts(causes=False), strict=True):
    year = result.books.years.index(two.target.year)
    pair = [run.indicator(two.reading, two.target.stage)[:, year, 0] for run in (original, result)]
    low, change, high = (float(q) for q in np.quantile(pair[1] - pair[0], [0.1, 0.5, 0.9]))
    told = [change_text(value, two.unit, "zh") for value in (change, low, high)]
    rows.append(
        {
            "指标（2030 年）": target_name(two.target, "zh"),
            "丽水": number(one.median, one.unit, "zh"),
            "云溪（虚构）": number(two.median, two.unit, "zh"),
            "配对差（80% 区间）": f"{told[0]}（{told[1]} 至 {told[2]}）",
        }
    )
pd.DataFrame(rows)

# %% [markdown]
# 在校生的差主要是人数缩放；一体化占比的差来自期初假定。愿意专升本的人多了，升本比例却几乎不动——名额没有变。
# 升学比例也几乎不动。想知道哪一项改动起了作用，就一次只改一项，再比一次。
#
# *Enrolment differs mostly by scale, the integrated share by its assumed start. More who want to top up hardly move the
# top-up rate, because the seats are the same. To learn which change did what, change one at a time and compare again.*

# %% [markdown]
# ## 6. 调一调措施 · Tune the levers
#
# 两项省里的措施，每项七档，四十九种组合都已算好，连同图一起放进这一格的输出：**不需要内核，也不需要服务器**。
# 在 Jupyter、导出的网页里都能拖；脚本不运行的地方（例如代码托管网站的预览）显示静态图和概率表。
#
# *Two levers of the province, seven stops each, all 49 combinations computed beforehand: the sliders need neither kernel
# nor server. Where scripts are not run there are still pictures and tables.*

# %%
widget = tuning_widget(own, ("integrated_share", "topup_seats"), draws=DRAWS, start=2024)
widget

# %% [markdown]
# 也可以存成一个单独的网页，发给没有安装 simvet 的人。
#
# *It can be sent as a page of its own to somebody who has no simvet.*

# %%
written = (folder / "tuning.html").write_text(widget.to_html(), encoding="utf-8")
f"{written / 1000:.0f} 千字符，一个文件"

# %% [markdown]
# ## 7. 收拾干净 · Clean up

# %%
workspace.cleanup()
for name, value in before.items():
    if value is None:
        del os.environ[name]
    else:
        os.environ[name] = value
folder.exists()

# %% [markdown]
# **小结**
#
# 1. 模板里没有空格要猜：先有一个能跑的地区，再一格一格换成自己的。
# 2. 公布的数写进 `figures`，假定的数写进 `assumptions`、`resources`，带下限、上限和理由；谁负责、谁签字也在表里。
# 3. 错误会指到单元格；数据配不平也会说。
# 4. 结论的可靠程度，取决于还有多少数是照搬来的：**没有换成当地的数，结果就还是丽水的。**
#
# *Summary: start from a region that runs and replace it cell by cell; published figures and assumptions have their own
# sheets; mistakes are told by their cell. As long as a number is still Lishui's, so is what follows from it.*
