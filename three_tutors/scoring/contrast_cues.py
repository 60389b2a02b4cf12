"""Cues: the words with which a teacher affirms, doubts, refuses, warns or hands something to do, as phrases in their order.

Each stands where a sentence begins or in a fixed phrase; a word alone says nothing. `cue_search` looks for them.
"""

from __future__ import annotations

import re

from three_tutors.scoring.questioning import TASK_VERBS

_START = r"(?:^|[.!?…:;—–]['\"”’)]*\s+)(?:(?:ok|okay|oh|ah|well|hm+|so|and|then|please|sorry|no|yes)[,!.]?\s+)?"
_MORE_VERBS = """
    allow arrange attach balance begin blow break bring call carry catch clear collect combine connect convert correct dig dip
    distinguish drag eat enter expand express factor figure float flip form get grab hide hunt identify insert integrate join jump
    keep leave let lift link lift locate map mix note pack pair peel post print pronounce quote raise reach redo refer repair
    reverse review rework rub save scale scan search select send separate share shift simplify sing skip slide smell sound spell
    spin split spot step strike study sum switch tackle toss trace transform try undo unfold visit wait wrap""".split()  # noqa: SIM905 - a word list reads as text
_DO = "|".join((*TASK_VERBS, *_MORE_VERBS))  # fmt: skip
_FLAGS = re.IGNORECASE | re.VERBOSE


def _cue(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern.replace("<START>", _START).replace("<DO>", _DO), _FLAGS)


ACCEPTS = _cue(
    r"""<START>(?:(?:yes|yep|yeah|yup)\b(?!\s+or\b)|(?:exactly|precisely|absolutely|indeed|agreed|correct|correctly|right|true
        |good|great|nice|fine|perfect|
        excellent|bravo|bingo|both|roughly|quite|very\s+good|spot\s+on|just\s+so|of\s+course)(?:\s+(?:that|right
            |so))?\s*(?=[,.!:;—–]))
    |<START>(?:well|nicely|neatly|correctly|rightly)\s+(?:done|spotted|put|seen|estimated|argued|reasoned|caught|found|worked
        |remembered|read|noticed|thought|counted|chosen|said)\b
    |<START>(?:good|great|nice|sharp|clear|careful|sound|solid|clean|strong)\s+(?:job|work|thinking|point|catch|reasoning|eye
        |choice|counting|building|reading|sums?|spotting|observation|start)\b
    |,\s*(?:so\s+|and\s+)?(?:yes|agreed|correct|exactly|indeed|right)\s*(?=[,.!;:]|$)|\band\s+yes\b
    |<START>(?:it|that|they|you|this|those|these)\s+(?:is|does|are|do|did|has|can|will|would|was)\s*(?=[,.!])
    |\b(?:it\s+is|they\s+are|it\s+was)\s*(?=[.!,]\s
        |[.!]?$)(?<!what\sit\sis)(?<!which\sit\sis)(?<!where\sit\sis)(?<!who\sit\sis)(?<!how\sit\sis)(?<!what\sthey\sare)
    |,\s*(?:just\s+)?as\s+(?:you\s+(?:say|found|wrote|put\s+it|saw|noticed|guessed|thought|worked\s+out|point\s+out)
        |it\s+(?:should|must|has\s+to|ought\s+to))\b
    |(?<!not\s)(?<!n't\s)\b(?:is|are|are\s+both|is\s+also|is\s+all|was|that's|you're|it's|both|looks)\s+(?:also\s+|absolutely\s+
        |exactly\s+|quite\s+|completely\s+|all\s+|both\s+|indeed\s+|perfectly\s+|just\s+)?
        (?:right|correct|sound|valid|true|complete|spot\s+on|set\s+up\s+right|well\s+chosen|well\s+put|settled)\b(?!\s*(?:\?
            |for\b|about\b|after\b|below\b|next\b|side|hand|angle|in\s+the|on\s+the))
    |(?<!does\s)(?<!doesn't\s)\b(?:(?:that|this|it|which|reason|reasoning|argument|rule|idea|logic|method|answer|choice|order|§)
        |\S*[\d)])\s+(?:also\s+|really\s+|still\s+|indeed\s+)?(?:holds(?!\s+\w+\s+(?:of|to))|checks\s+out|adds\s+up
        |does\s+it(?=[.,!])|settles\s+it|fits(?!\s+(?:in|into|on)\b)|balances(?=[.,!])|matches\b|agrees\b|repairs\s+it
        |stands(?=[.,!])|proves\s+it)
    |(?<!does\s)\b\w+\s+(?:holds|fits)(?=[,.!:;]|\s+(?:because|since|too|an?\s|both\b))
    |\b(?:that|this|it)\s+works(?=[,.!]|\s+(?:because|since|for))
    |\byou're\s+(?:right|correct)\b(?!\s+(?:about|that\s+\w+\s+\w+\s*,?\s+but))|\byou\s+are\s+(?:right|correct)\b(?!\s+about)
    |\bthat(?:'s|\s+is)\s+(?:it(?=[,.!])|(?:exactly|just|also|indeed)\b|the\s+(?:right|whole|point\b|reason|difference|key\b
        |rule\b|one(?=[,.!])|idea(?=[,.!])|correct)|a\s+(?:valid|good|sound|fair|clear|complete|correct|full)\b|how\s+(?:it|you
        |they)|right|correct|true)
    |\b(?:the|that)\s+(?:right|correct)\s+(?:one|answer|word|form|choice|pick|order|sign|place|way\s+round)\b
        |\bthe\s+right\s+way\s+round\b|\bnothing\s+is\s+missing\b|\bdecides\b(?=,\s+as)
    |<START>(?:that|this)\s+(?:follows|does\s+it|explains|settles|makes\s+sense|answers|covers|sums\s+it|completes|solves
        |will\s+do|counts)\b(?!\s+(?:the|only|as)\b)|\bwell\s+(?:done|spotted|put|seen)\b|,\s*just\s+(?:like|as)\s+you\s+\w+
        |\byou\s+have\s+it\s+all\b|\bis\s+(?:what|just\s+what|exactly\s+what)\s+(?:we|you)\s+(?:need|want)\b
        |\bbelongs?\s+there(?=[,.!])|\bso\s+both\s+are\b|\bnothing\s+to\s+(?:add|correct|fix)\b|\b(?:argument|answer|list|proof
        |line|sentence|reasoning)\s+(?:is|are)\s+(?:complete|in\s+order|fine)\b
    |\bno\s+(?:doubt|objection|complaints?)\b|\bcouldn't\s+have\s+put\s+it\s+better\b|\bi\s+(?:agree|like\s+(?:how|that
        |the\s+way))\b|\bI'm\s+convinced\b"""
)
"""Says that the student is right."""

CREDITS = _cue(
    r"""\byou(?:'ve|\s+have)\s+(?:(?:now|just|already|both)\s+)?(?:got\s+(?:it|them|the|that)|it(?=[,.!])|both\b
        |the\s+[^.?!]{0,40}\bright\b|worked\s+(?:it\s+)?out|found|spotted|seen|understood|solved|proved|shown|earned|chosen\s+well)
    |\byou\s+(?:got\s+(?:it|them|there|that\s+right)|found\s+(?:it|the)|spotted|nailed|caught|worked\s+(?:it\s+)?out|read\s+(?:it
        |that)\s+(?:well|right)|chose\s+(?:well|right)|followed\s+the|compared|kept|see\s+it(?=[,.!])|noticed\s+(?:that|the|it)
        |saw\s+(?:it|that))\b"""
)
"""Credits the student with a step."""

QUALIFIES = _cue(
    r"""<START>(?:but|however|though|yet|only|almost|nearly|careful|wait|look\s+again|hold\s+on)\b|,\s*(?:but|though|yet
        |only)\b(?![^.!]*\?)|\bnot\s+(?:quite|yet|exactly|right|correct|true)\b|\blook\s+again\b"""
)
"""Takes back a part of it."""

AGREES_WHOLLY = _cue(
    r"""^\W*(?:yes|yep|right|correct|exactly|precisely|true|agreed|absolutely|perfect|that's\s+(?:it|right|correct)
        |that\s+is\s+(?:it|right|correct)|you're\s+right|you\s+are\s+right)\s*[.!]
    |\b(?:your\s+\w+|the\s+(?:sum|result|answer|value|number|word|form)|answer|that|this|it)\s+(?:is|was)\s+(?:right
        |correct)\s*[.!,]"""
)
"""Says so of all that the student said."""

GOES_ON = _cue(
    r"""<START>(?:now|next|as\s+a\s+next\s+step|next\s+case|for\s+the\s+next)[,:]?\s+(?!(?:an?|the|it|that|both|you|we|they
        |this)\s+\w+\s+(?:is|are|was|has|says|gives|stands|means)\b)\w
    |<START>(?:predict|explain|another|one\s+more|a\s+(?:second|harder|new|last)|plan|justify|generalise|make\s+up|invent|extend
        |go\s+on|use\s+it\s+(?:now|to))\b
    |<START>(?:and\s+)?(?:what|how)\s+about\s+(?:an?|the|one)\b|<START>and\s+(?:what|which|why|how|where|when|who|now|if)\b
        |\bas\s+well\?|\bhow\s+else\b|\bthe\s+other\s+one\?|\bwhat\s+changes(?=[?.])|\bwhat\s+would\s+(?:you\s+)?(?:change
        |happen\s+(?:on|if|to))\b
    |\bwhen\s+(?:could|would|might)\b[^.?!]*\?|\bbefore\s+you\s+run\s+it\b|\binstead\?|\bcome\s+up\s+with\s+(?:one|an|your)\b
        |\b(?:in(?:to)?|write|say)\s+(?:it\s+in(?:to)?\s+)?one\s+sentence\b|\bhow\s+likely\b|\bexplain\s+why\b"""
)
"""Goes on from what the student said, which is how a teacher accepts without a word."""

DOUBTS = _cue(
    r"""<START>(?:not\s+(?:quite|yet|exactly|so\s+fast|always|the\s+same|next|from|in|this|that|all|every|only|here|really)
        |nearly|almost|close|careful|wait|hold\s+(?:on|that|the|it|up)|hm+|stop\s+(?:there|at)|look\s+again|try\s+(?:it\s+
        |that\s+)?again|think\s+again|check\s+(?:that|it|your|this|the|again|with|against|what)|recheck|double[\s-]check
        |(?:let's\s+)?test\s+(?:it|that|this|your|the|whether|if|against|\w+:)|let's\s+(?:test|check)|are\s+you\s+sure
            |if\s+(?:that|it|so|this)\s+(?:were|was|is)\b|for\s+that,|something\s+(?:goes|went|is)|one\s+\w+\s+too\s+(?:many|few)
            |only\s+(?:if|one|half|part|the)|but\b|however\b|i\s+doubt|that\s+(?:compares|tells|counts|gives|mixes|would|was
            |can't|leaves)\b|nesting|there\s+is\s+(?:a|one)\s+(?:slip|snag|catch|gap|problem|step))
    |\b(?:is|are|was|it's|that's|quite)\s+not\s+(?:quite|yet|exactly|right|true|correct|enough|what|the\s+(?:same|reason
        |whole))\b|\bisn't\s+(?:it|quite|right|true|correct|the|what|enough|a|that|\w+\?)\b|\b(?:doesn't|does\s+not|didn't|don't
        |can't|cannot|won't|wouldn't|couldn't)\s+(?:\w+\s+)?(?:fit|settle|work|match|hold|decide|follow|add\s+up|agree|say|mean
        |explain|tell|prove|be|cross|join|count|happen|help|make|go|stay|work|follow)\b
    |\b(?:wrong\s+(?:way|place|one|step|sign|side|number|order|turn)|goes\s+wrong|went\s+wrong|a\s+(?:slip|mistake)|(?:small
        |little|one|the)\s+(?:slip|mistake|snag))\b
    |\b(?:look|think|decide|choose|try|read|count|check|redo|go|work|say|do|start|compare|listen|measure|trace|add|sum|pick
        |set)\b[^.?!]{0,70}\b(?:again|once\s+more|one\s+more\s+time|anew|afresh|over)\b(?=\s*[,.!?]|\s+(?:with|from|and
        |without)\b|$)
    |\bneeds?\s+(?:another|a\s+second|a\s+closer)\s+look\b|\bredo\s+(?:the|that|it|your)\b|\btoo\s+(?:many|few|much|little|fast
        |early|late)(?=[,.!])|\byou\s+(?:let|swapped|forgot|dropped|mixed|left\s+out|skipped|missed|lost|used\s+the|added\s+the
        |put\s+(?:s|the|it|an?)\b|need\s+another|turned\s+it|took\s+the|counted\s+(?:the|only|just)|stopped\s+(?:one|a|too)
        |jumped|assumed)
    |,\s*(?:but|yet|though)\b|\bonly\s+if\b|\bwould\s+(?:never|mean|then|also\s+mean|have\s+to)\b|\bbut\s+(?:is|does|do|are|would
        |what|which|how|can|your|the|look|here|not|then|you)\b|\bshouldn't\s+(?:it|that|they|a|we)\b|\b(?:sounds?|looks?
        |seems?)\s+too\b|\byour\s+(?:expression|formula|rule|version|line|sentence|answer|claim|idea|method|code|number
        |result)\s+(?:gives|says|would|needs|has|makes|tells|compares|leaves)\b|\bhard\s+to\s+believe\b|\bis\s+that\s+really\b
        |\breally\s+(?:the|so|that|get|send|turn|be)\b[^.!]*\?|\b(?:are|is)\s+you\s+sure\b|\bare\s+you\s+sure\b
    |\bdoes\s+(?:that|this|it|your)\s+(?:\w+\s+)?(?:work|fit|hold|match|agree|make\s+sense|help|sound|still|give|really
        |happen)\b[^.]*\?|\bsettle(?:s)?\s+(?:it|that)\s+first\b|\brather\s+than\b|\binstead\s+of\b"""
)
"""Says or implies that something is not right yet."""

DECLINES = _cue(
    r"""\b(?:i\s+won't|i\s+will\s+not|i'll\s+not|i'm\s+not\s+(?:going|giving|telling|handing|saying)|i\s+(?:can't|cannot|don't
        |shouldn't)\s+(?:just\s+)?(?:give|tell|hand|say|write|do|want\s+to|choose|post)|(?:i'd|i\s+would|i'll|i\s+will|i'm|i
        |let's|let\s+me|we'll|we)\s+(?:rather\s+|better\s+|just\s+|like\s+to\s+|prefer\s+to\s+|still\s+|gladly\s+)?(?:leave
        |leaving|keep|keeping|hold|holding|save|saving|wait|waiting|see|hear|park)\b(?!\s+(?:going|in\s+mind|the\s+(?:same
        |change)))|(?:i'd|i\s+would)\s+(?:prefer|rather|love\s+to\s+(?:see|hear)|like\s+(?:you|your|a|to\s+see|to\s+hear))
        |i\s+want\s+(?:you|your|to\s+(?:see|hear))|i\s+need\s+(?:to\s+see|your|a|something)|i\s+(?:only\s+)?(?:help
        |answer)\s+(?:once|after|when))\b
    |<START>(?:not\s+(?:yet|just\s+like|at\s+this|so\s+fast|as\s+a|ready|before|from\s+me|until|today|the\s+(?:whole|finished)
        |without|right\s+away|straight)|first\s+(?:a|your|you|one|show|tell|try|write|give|let)\b|you\s+(?:first|go\s+first
        |say\s+one|try|start|begin)|your\s+turn|have\s+a\s+(?:go|try|guess)|give\s+it\s+a\s+(?:go|try)|let\s+me\s+(?:hear|see)
        |let's\s+(?:hear|see)\s+(?:yours|your|what|a)|show\s+me\s+(?:what|your|a|one|any)|no\s+\w+\s+(?:from\s+me|yet)|(?:those
        |that|this|the\s+\w+|that\s+one|it)\s+(?:i'm|i'll|i|stays|comes|must|has\s+to|can\s+wait|waits)\b
        |try\s+(?:it\s+)?(?:first|yourself)|try\s+(?:one|a|any|something)\b|make\s+(?:a|one|your)\s+(?:own\s+)?(?:guess|try
        |start)|guess\s+(?:first|one|a))
    |,\s*(?:but\s+)?not\s+(?:yet|ready[-\s]made|from\s+me|the\s+(?:answer|whole|result|solution))\b|\bnot\s+(?:yet|ready-made
        |before\s+(?:you|i)|until\s+(?:you|there|i))\b|\bbefore\s+(?:i|any|you\s+(?:get|see|hear)|we\s+(?:look|talk)
        |the\s+answer)\b|\bfor\s+now\b(?=[,.!])|\byour\s+own\s+(?:first|guess|try|idea|way|words|attempt|version|start|numbers)\b
        |\b(?:of|from)\s+your\s+own\b|\bof\s+yours\b|\b(?:try|attempt|guess|idea|start|line|step|answer|word)s?\s+(?:from\s+you
        |of\s+your\s+own|of\s+yours|first)\b|\byou\s+(?:try|guess|choose|pick|write|start)\s+first\b|\byour\s+(?:idea|guess|try
        |attempt|turn|answer|thoughts?|version)\s+(?:first|counts|comes)\b|\b(?:send|give|tell|show|post)\s+(?:me\s+)?(?:your
        |a\s+guess|any|what\s+you|whatever|me\s+what|three\s+rough|one\s+line)\b|\bleave\s+that\s+(?:open|to\s+you)\b"""
)
"""Refuses kindly, and asks for the student's own try."""

OWN_TRY = re.compile(r"\b(?:you|your|yours|yourself|you'd|you've|you're)\b", re.IGNORECASE)
"""Turns to the student."""

PROHIBITS = _cue(
    r"""<START>(?:please,?\s+|just\s+|now\s+)?(?:do\s+not|don't|never|stop\b|leave\s+(?:it|that|them|the|your|this|everything|him
        |her)|stay\s+(?:out|away|off|back|clear|where|inside|in)|keep\s+(?:away|off|out|clear|back|your\s+hands)|put\s+(?:it|that
        |them|this|the\s+\w+|everything|those)\s+(?:\w+\s+)?(?:down|away|back)|get\s+(?:out|away|down|off|up|into|inside|back
        |somewhere|them|it|her|him)\b|come\s+(?:out|away|down|back|off)|step\s+(?:back|away)|move\s+away|drop\s+(?:it|that|the)
        |hands\s+off|close\s+the|turn\s+(?:it|the)|go\s+(?:inside|into|in|home|to)\b|run\b|wait\b|hold\s+on|no[!,.]
        |skip\s+(?:that|it|this)|forget\s+(?:that|it)|pause|spit|wash|open\s+(?:a|the)\s+window|switch\s+(?:it|the)|unplug
        |hang\s+up|walk\s+away)
    |\b(?:please\s+)?(?:do\s+not|don't|never)\s+(?:eat|drink|taste|touch|mix|light|heat|open|take|go|climb|try|do|make|use
        |swallow|bite|put|stay|be|wait|meet|send|inhale|smell|burn|swim|jump|cut|hold|plug|stick|pour|drive|walk|unscrew|charge
        |ride|enter|share|look)\b|\bkeep\s+away\s+from\b|\bstay\s+away\s+from\b|\b(?:is|are)\s+not\s+(?:for|a\s+toy|to\s+be)\b"""
)
"""Forbids, or sends away from something."""

REFERS = _cue(
    r"""(?<!not\s)(?<!n't\s)(?<!never\s)\b(?:talk|speak|tell|tells|go|goes|turn|reach\s+out|show|ask|call|find|get|fetch|with|to
        |contact|run|ring|need|needs|which|what|let|wake|by|bring|is|under|see|and|have|has|an?|or|any)\b[^.!?]{0,45}?
        \b(?:adults?|grown[-\s]?ups?|parents?|mums?|mom|mama|mummy|mommy|dads?|papa|daddy|mother|father|grandma|grandpa|granny
            |guardian|carer|counsel\w+|nurse|doctor|(?:your|a|the)\s+teacher|someone\s+(?:you\s+trust|older|at\s+home|now
            |in\s+the\s+house)|emergency\s+(?:number|line|services?)|ambulance|firefighters?|fire\s+(?:brigade|service
            |department)|poison\s+(?:line|control|cent\w+)|helpline|help\s+line|hotline|crisis\s+line|electrician|police
            |lifeguard|vet)\b
    |\b(?:adult|grown[-\s]?up|parent|someone)\s+(?:you\s+trust|right\s+now|nearby|near\s+you|now|with\s+you)\b"""
)
"""Sends to somebody who can help."""

HAZARD = _cue(
    r"""\b(?:can|could|may|might|will|would|to|can\s+also|even|enough\s+to)\s+(?:badly\s+|really\s+|seriously\s+|easily\s+
        |even\s+|still\s+|quickly\s+)?(?:hurt|kill|burn|burst|explode|poison|pull\s+you|reach\s+(?:you|that)|hit\s+(?:that|you
        |the)|catch\s+fire|blind|choke|cut\s+(?:you|your|deep)|harm|injure|shock|crush|bury|trap|bite|drown|collapse|fall|spit
        |splash|stop\s+your|damage|knock|flare|electrocute|give\s+(?:you\s+)?(?:off\s+)?(?:a\s+)?(?:\w+\s+)?(?:shock|gas)
        |make\s+(?:you|her|him|air|a|people|your)\s*(?:\w+\s+)?(?:ill|sick|faint|that\s+hurts|poisonous|toxic|pass))\b
    |\b(?:is|are|be|it's|that's|very|so|really|too)\s+(?:very\s+|really\s+|too\s+|so\s+)?(?:dangerous|poisonous|toxic|deadly
        |unsafe|not\s+safe|harmful|flammable|risky|serious)\b|\bnot\s+safe\b|\b(?:are|feel|be)\s+(?:you\s+)?safe\b
        |\bhurts?\s+you\b|\bbe\s+alone\b|\byou\s+matter\b|\bnobody\s+(?:would|will|is\s+there|could|to)\b|\bbreaks?\s+without\b
        |\ba\s+fall\s+from\b|\bone\s+slip\b|\bmains\s+voltage\b|\bthank\s+you\s+for\s+(?:saying|telling)\b|\bglad\s+you\s+(?:said
        |told)\b|\b(?:poison(?:ous)?|toxic|deadly)\s+(?:gas|fumes|plant|berries|smoke)\b|\b(?:fumes|voltage|carbon\s+monoxide
        |lightning)\b"""
)
"""Says what can happen."""

SPARES = _cue(
    r"""\b(?:don't|do\s+not|never|leave|put|drop|stop)\s+(?:\w+\s+)?(?:it|them|that|this|these|those|any)\b|\bbe\s+alone\b
        |\byou\s+matter\b|\bcrisis\s+line\b|\b(?:are|stay|keep)\s+you(?:rself)?\s+safe\b|\bthank\s+you\s+for\s+(?:saying
        |telling)\b"""
)
"""Speaks of what the student is about to do, or of the student, without naming it."""

TASK = _cue(r"""(?:^|[.!?…:;—–,]\s+|\b(?:now|then|so|and|please|first|or|can\s+you|could\s+you|let's|try\s+to|but|just|to)\s+)(?:<DO>)\b""")
"""Hands the student something to do."""
