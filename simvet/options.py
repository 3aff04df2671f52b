"""Options that several commands take, with their help in both languages."""

from __future__ import annotations

from typing import Annotated

import typer

Draws = Annotated[int, typer.Option("--draws", help="抽样次数 / size of the ensemble")]
Seed = Annotated[int, typer.Option("--seed", help="随机种子 / random seed")]
Until = Annotated[int | None, typer.Option("--until", help="模拟到哪一学年 / last school year")]
Lang = Annotated[str, typer.Option("--lang", help="zh | en")]
Engine = Annotated[str, typer.Option("--engine", help="cohort 群组 | agents 逐人 | both 两者对照")]
Schools = Annotated[
    str | None, typer.Option("--schools", help="学校名单 / school list: FILE.csv | FILE.xlsx | synthetic | none")
]
Mechanism = Annotated[
    str | None,
    typer.Option(
        "--mechanism", help="serial_dictatorship 平行志愿 | deferred_acceptance | immediate_acceptance 志愿优先"
    ),
]
