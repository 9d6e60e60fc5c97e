"""Generic words: nouns of English, German and Chinese that occur in texts of every kind.

They name no topic. Those of questions and of product reviews are among them.
"""

_ENGLISH = """
people person thing things way ways day days time times year years week month hour hours lot
lots bit part parts kind sort problem problems question questions issue issues reason reasons
idea ideas need needs use help advice story stories number example name names place man men
woman women guy guys friend friends someone something anyone life world home house work job end
start point fact case side area money book books movie film family quot reuters ap afp inc corp
percent million billion company companies group today yesterday tomorrow tonight monday tuesday
wednesday thursday friday saturday sunday january february march april june july august
september october november december news report official officials information list type level
size price color colour pack set product products item items oz ounce ounces piece pieces count
review order brand quality value title edition version page account option options test
statement member members love look feel difference thank gift edit update details detail source
sources lbs pics gif gifs points yards dollars dollar manager students picture pictures pic
photo video post posts reddit thread link comment comments op tldr art
"""
_GERMAN = """
problem jahr jahre tag tage menschen mensch zeit teil frage fragen beispiel etc ort maßnahme
maßnahmen anteil seite bereich fall art weise ziel thema möglichkeit
"""
_CHINESE = """
男子 女子 男人 女人 公司 问题 問題 东西 東西 时候 時候 情况 情況 方面 方式 内容 部分 地方 感觉
感覺 人们 人們 大家 朋友 事情 结果 結果 原因 方法 作者 今日 今天 昨天 明天 昨日 去年 今年 明年
第一 记者 記者 消息 新闻 图片 图文 组图 生活 世界 小时 分钟 中心 时间 時間 商品 产品 質量 质量
特点 总体 整体 有点 小伙 网友 粉丝 主题 主力 故事 半年 个人 人士 全球 最后 人员 觉得 东东 速度
毛病 意思 样子 关系 水平 程度 书中 本书 内心 心情 信心 爱心 核心 机会 专家 中国人 人类 能力
行业 一家 百分 元素 款式 效果 价格 感情 经历 想法 看法 印象 方向 老人 孩子们 同学 先生 小姐
老师 女士 网上 京东 客服 快递 物流 包装 卖家 买家 店家 店员 亲们 差评 好评 价钱 性价比 价比
国际 国内 全国 本人 自己 社会 文章 句话 书籍 整本书 书本 情节 人物 现实 文字 语言 书名 书里
城市 项目 个股 意见 歉意 名字 牌子 大神 女生 男生 企业 大结局 客户 顾客 总统 商家 样板 摘要
早班车 合作 发展 出售 预计 经理 指导 宝贵 新鲜 齐全 实惠 物美价廉 太差 太大 太小 太多 太短 速度快
速度慢 恶心 小巧 时尚 玩游戏 无语 谢谢 区别 免费 首歌 中国 快讯 点滴 红色 黑色 白色 机身
"""

GENERIC_WORDS = frozenset(f"{_ENGLISH} {_GERMAN} {_CHINESE}".split())
