"""Domains in which anybody can have a mailbox: mail “from” them is refused wherever it really comes from.

Their owners publish DMARC policies against it, and Gmail's rules for senders forbid it by name (DUTIES D13). The list
is as of DAY; who adds a provider sets the day anew.
"""

from datetime import date

DAY = date(2026, 11, 30)
LIST = """
gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es outlook.it outlook.jp outlook.com.br
hotmail.com hotmail.co.uk hotmail.de hotmail.fr hotmail.it hotmail.es live.com live.co.uk live.de live.fr
live.it live.nl live.se live.ca live.com.au msn.com windowslive.com passport.com yahoo.com yahoo.co.uk
yahoo.de yahoo.fr yahoo.it yahoo.es yahoo.ca yahoo.co.in yahoo.in yahoo.com.br yahoo.com.mx yahoo.com.ar
yahoo.com.au yahoo.co.id yahoo.com.ph yahoo.com.sg yahoo.com.tw yahoo.co.jp ymail.com rocketmail.com
icloud.com me.com mac.com aol.com aol.co.uk aim.com verizon.net proton.me protonmail.com protonmail.ch
pm.me tutanota.com tutanota.de tuta.io tuta.com tutamail.com fastmail.com fastmail.fm hushmail.com
zoho.com zohomail.com zohomail.eu mail.com email.com usa.com gmx.com gmx.net gmx.de gmx.at gmx.ch gmx.us
web.de t-online.de freenet.de arcor.de posteo.de mailbox.org mail.de 1und1.de vodafone.de orange.fr
wanadoo.fr free.fr laposte.net sfr.fr neuf.fr bbox.fr numericable.fr libero.it virgilio.it tiscali.it
alice.it tin.it tim.it inwind.it iol.it hotmail.gr btinternet.com sky.com talktalk.net virginmedia.com
ntlworld.com blueyonder.co.uk tiscali.co.uk comcast.net att.net sbcglobal.net bellsouth.net cox.net
charter.net earthlink.net juno.com netzero.net optonline.net roadrunner.com frontier.com windstream.net
rogers.com shaw.ca sympatico.ca telus.net videotron.ca bigpond.com optusnet.com.au xtra.co.nz ziggo.nl
kpnmail.nl planet.nl home.nl xs4all.nl telenet.be skynet.be proximus.be bluewin.ch hispeed.ch telia.com
telenor.no online.no tele2.se spray.se wp.pl o2.pl onet.pl op.pl interia.pl gazeta.pl seznam.cz email.cz
centrum.cz azet.sk post.sk freemail.hu citromail.hu abv.bg mail.bg yandex.ru yandex.com ya.ru mail.ru
bk.ru inbox.ru list.ru rambler.ru ukr.net i.ua meta.ua walla.co.il walla.com rediffmail.com indiatimes.com
qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com aliyun.com 139.com 189.cn naver.com
daum.net hanmail.net nate.com kakao.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp nifty.com
uol.com.br bol.com.br terra.com.br ig.com.br globo.com globomail.com terra.es telefonica.net
prodigy.net.mx mynet.com inbox.com inbox.lv lycos.com excite.com hey.com duck.com mailinator.com
guerrillamail.com yopmail.com 10minutemail.com temp-mail.org
"""
DOMAINS = frozenset(LIST.split())


def is_freemail(domain: str) -> bool:
    """Whether it is such a domain or beneath one."""
    name = domain.lower().rstrip(".")
    return any(name == each or name.endswith(f".{each}") for each in _parents(name))


def _parents(name: str) -> set[str]:
    labels = name.split(".")
    return {".".join(labels[start:]) for start in range(len(labels))} & DOMAINS
