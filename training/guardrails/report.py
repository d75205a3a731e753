"""What the scorers are worth: figures by language and by kind, in whole parts of a thousand so that every machine rounds alike."""

def parts(numerator, denominator):
    return (2000 * numerator + denominator) // (2 * denominator) if denominator else 0


def percent(thousandths):
    return f"{thousandths // 10}.{thousandths % 10}"


def area(bad, good):
    """Area under the ROC curve: how often an attack scores higher than a harmless text; a tie is half."""
    wins = sum(2 * (b > g) + (b == g) for b in bad for g in good)
    return parts(wins, 2 * len(bad) * len(good))


def row(name, bad, good, limit):
    caught, alarms = sum(score >= limit for score in bad), sum(score >= limit for score in good)
    cells = [name, str(len(bad)), str(len(good))]
    cells.append(percent(area(bad, good)) if bad and good else "")
    cells.append(percent(parts(caught, caught + alarms)) if bad and good and caught else "")
    cells.append(percent(parts(caught, len(bad))) if bad else "")
    cells.append(percent(parts(alarms, len(good))) if good else "")
    return "| " + " | ".join(cells) + " |"


HEAD = ["| texts | bad | harmless | AUC % | precision % | recall % | false positives % |", "| --- | --- | --- | --- | --- | --- | --- |"]


def table(texts, sums, limit):
    """Rows: all, each language, each kind. A kind that is only bad is measured against all harmless texts."""
    pairs = list(zip(texts, sums))
    bad, good = [s for t, s in pairs if t.bad], [s for t, s in pairs if not t.bad]
    lines = HEAD + [row("**all**", bad, good, limit)]
    for lang in sorted({text.lang for text in texts}):
        own = [(t, s) for t, s in pairs if t.lang == lang]
        lines.append(row(f"language {lang}", [s for t, s in own if t.bad], [s for t, s in own if not t.bad], limit))
    for kind in sorted({text.kind for text in texts}):
        own = [(t, s) for t, s in pairs if t.kind == kind]
        lines.append(row(f"kind {kind}", [s for t, s in own if t.bad], [s for t, s in own if not t.bad], limit))
    return lines
