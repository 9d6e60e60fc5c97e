"""Traditional to simplified Chinese characters in names of columns and kinds of events.

Texts of items have a table of all characters, `recsys.text.language.nouns.simplified`; names need
these alone, and readers of files load no word lists.
"""

from __future__ import annotations

_PAIRS = """
瀏浏 戶户 員员 會会 編编 號号 標标 題题 內内 類类 別别 籤签 評评 論论 時时 間间 發发 佈布 創创
觀观 點点 讚赞 視视 頻频 貼贴 聞闻 動动 態态 節节 書书 電电 遊游 課课 話话 連连 結结 網网
簡简 稱称 語语 興兴 關关 鍵键 詞词 識识 碼码 為为 數数 買买 購购 單单 賣卖 訂订 閱阅 讀读
覽览 擊击 載载 轉转 復复 覆复 蹤踪 舉举 報报 蹟迹 劃划 過过 無无 應应 樂乐 聽听 賬账 帳账
顧顾 資资 訊讯 產产 專专 欄栏 個个 見见 儲储 願愿 檢检
"""
_SIMPLIFIED = {ord(pair[0]): pair[1] for pair in _PAIRS.split()}


def simplified_name(name: str) -> str:
    """Return the name of a column or kind in simplified signs."""
    return name if name.isascii() else name.translate(_SIMPLIFIED)
