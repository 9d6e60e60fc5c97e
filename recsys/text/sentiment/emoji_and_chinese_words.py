"""Signs and words outside plain English, put into words that the tone model has learned.

A sign stands for the English word a reader would say. The Chinese part is a small glossary of
everyday words: enough for obvious sentences, no substitute for labelled texts.
"""

from __future__ import annotations

import re
import unicodedata

EMOTICONS = {
    "happy": (":)", ":-)", "=)", ":]", "(:", "(-:", ":')", "^_^", "^^", ":3"),
    "laugh": (":D", ":-D", "=D", "xD", "XD", ":'D"),
    "love": ("<3",),
    "wink": (";)", ";-)", ";D"),
    "sad": (":(", ":-(", "=(", ":[", "):", ":'(", ":,(", ";_;", "T_T", ":c"),
    "angry": (">:(", ">:-(", "D:<"),
    "annoyed": (":/", ":-/", "-_-", ":|", ":-|"),
    "broken heart": ("</3",),
}
EMOJI = {
    "happy": "😀😃😄😁😆😊🙂😇😌😋😺😸☺🙃🤗😎🥳",
    "laugh": "😂🤣😹",
    "love": "❤♥💕💖💗💓💞💘💝💙💚💛💜🧡🖤🤍😍🥰😘😻🤩😚😗",
    "great": "👍👏🙌💪🎉🎊✨🏆🥇💯⭐🌟🔥👌🤝",
    "thanks": "🙏",
    "wink": "😉😜😏",
    "sad": "😢😭😞😔😟🙁☹😥😓😿😩😫😪🥺😖😣😕",
    "broken heart": "💔",
    "angry": "😠😡🤬👿😤😾",
    "horrible": "🤮🤢👎💩😷🖕",
    "afraid": "😱😨😰😧😦",
    "annoyed": "🙄😒😑😐🤦",
    "stupid": "🤡",
    "dead": "💀☠",
}
CHINESE = {
    "love": "爱 热爱 最爱 爱死",
    "enjoy": "喜欢 喜爱 钟爱",
    "good": "好 好看 好吃 好听 好用 不错 挺好",
    "great": "很棒 棒 太棒了 赞 优秀 出色 厉害 精彩 完美 极好 真棒 超赞 牛",
    "happy": "开心 高兴 快乐 幸福 愉快 兴奋",
    "thanks": "谢谢 感谢 多谢",
    "laugh": "哈哈 哈哈哈 笑死",
    "beautiful": "漂亮 美丽 美 可爱",
    "best": "最好 最棒 一流",
    "recommend": "推荐 值得",
    "satisfied": "满意 舒服 放心",
    "win": "成功 胜利 赢",
    "hope": "希望 期待",
    "bad": "坏 差 不好 差劲 糟 难看 难吃 难听 难用 太差",
    "terrible": "糟糕 可怕 恐怖 糟透 烂 太烂了 垃圾",
    "dislike": "不喜欢 不爱 不太喜欢",
    "hate": "讨厌 恨 憎恨 厌恶",
    "disgusting": "恶心 令人作呕",
    "angry": "生气 愤怒 气死 火大",
    "sad": "难过 伤心 悲伤 哭 痛苦 郁闷",
    "stupid": "笨 傻 愚蠢 蠢 白痴 脑残",
    "worst": "最差 最烂 最糟",
    "disappointed": "失望 遗憾",
    "boring": "无聊 没意思 乏味",
    "fail": "失败 输",
    "waste": "浪费",
    "scam": "骗子 骗人 诈骗 欺骗",
    "broken": "坏了 故障",
    "afraid": "害怕 担心 恐惧",
    "problem": "问题 麻烦",
    "not": "不 没 没有 别 不是 并不 毫不",
    "very": "很 非常 太 真 特别 超 极其",
    "but": "但是 但 可是 不过 然而",
    "and": "和 而且 并且",
    "i": "我",
    "you": "你 您",
    "this": "这 这个",
}

# What a denied word comes to, where English has a word for it: the model knows that word better.
DENIED_VERBS = {
    "like": "dislike",
    "likes": "dislike",
    "liked": "dislike",
    "enjoy": "dislike",
    "enjoyed": "dislike",
    "recommend": "avoid",
}
DENIED_ADJECTIVES = {
    "happy": "unhappy",
    "satisfied": "dissatisfied",
    "pleased": "displeased",
    "fair": "unfair",
    "useful": "useless",
    "helpful": "unhelpful",
    "impressed": "disappointed",
    "bad": "okay",
    "honest": "dishonest",
    "worth": "worthless",
}

_SIGNS = {sign: word for word, signs in EMOTICONS.items() for sign in signs}
_EMOTICON = re.compile(
    r"(?<![\w:])(?:" + "|".join(map(re.escape, sorted(_SIGNS, key=len, reverse=True))) + r")(?!\w)"
)
_FACES = {sign: word for word, signs in EMOJI.items() for sign in signs}
_WORDS = {term: word for word, terms in CHINESE.items() for term in terms.split()}
_CHINESE = re.compile("|".join(sorted(_WORDS, key=len, reverse=True)))
_PICTURE = re.compile("[\u2600-\u27bf\u2b50\U0001f300-\U0001faff]")
_HAN = re.compile("[\u3400-\u9fff]+")


_DEGREE = r"\s+(?:really\s+|very\s+|that\s+|so\s+|even\s+|too\s+)?"
_DENIED_VERB = re.compile(
    r"\b(?:(?:do|does|did|would|wo|can|could)(?:n't|\s+not|not)|never)"
    rf"{_DEGREE}({'|'.join(DENIED_VERBS)})\b",
    re.IGNORECASE,
)
_DENIED_ADJECTIVE = re.compile(
    rf"(?:\bnot|n't|\bnever){_DEGREE}({'|'.join(DENIED_ADJECTIVES)})\b", re.IGNORECASE
)


def opposed(text: str) -> str:
    """Return a text in which denied words are put by their opposites: not happy, unhappy."""
    text = _DENIED_VERB.sub(lambda found: DENIED_VERBS[found[1].lower()], text)
    return _DENIED_ADJECTIVE.sub(lambda found: f" {DENIED_ADJECTIVES[found[1].lower()]}", text)


def translate(text: str, han: bool = False) -> str:
    """Return the text with emoticons, emoji and known Chinese words as English words.

    `han`: Chinese signs stay as they are, for a model that has learned to read them.
    """
    text = _EMOTICON.sub(lambda found: f" {_SIGNS[found[0]]} ", text)
    if text.isascii():
        return text
    text = _PICTURE.sub(_picture, text)
    if han:
        return text
    text = _CHINESE.sub(lambda found: f" {_WORDS[found[0]]} ", text)
    return _HAN.sub(" ", text)  # unknown characters say nothing to a model of English words


def pictures(text: str) -> str:
    """Return the emoticons and emoji of a text, in order; all else left out."""
    found = [*_EMOTICON.finditer(text), *_PICTURE.finditer(text)]
    return " ".join(one[0] for one in sorted(found, key=re.Match.start))


def _picture(found: re.Match[str]) -> str:
    sign = found[0]
    word = _FACES.get(sign) or unicodedata.name(sign, "").lower()
    return f" {word.replace('face', '').replace('with', '')} "
