#!/usr/bin/env python3
"""Draws the pictures of the docs: what kcons shows on a terminal, and the benchmark.

    tools/pictures.py screens KCONS BROKERS   pictures/NAME.svg for each of SCREENS, from real runs of that program;
                                              `lag` needs a Kafka with a group `mailer`
    tools/pictures.py terminal KCONS          pictures/terminal.svg alone, which needs no Kafka
    tools/pictures.py benchmark               pictures/benchmark.svg, from benches/result.md

With `-` as a last argument a single picture goes to stdout. Nothing but Python's own library is needed.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from xml.sax.saxutils import escape

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MONOSPACE = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
SANS = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"

# The looks of a terminal: SGR code and CSS class.
STYLES = {"1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow", "34": "blue", "35": "magenta", "36": "cyan", "90": "dim"}
COLORS = {
    "red": "#ff7b72",
    "green": "#7ee787",
    "yellow": "#e3b341",
    "blue": "#79c0ff",
    "magenta": "#d2a8ff",
    "cyan": "#76e3ea",
}

TASKS = {
    "raw, 1 partition": "raw values",
    "JSON, 1 partition": "JSON",
    "raw, in a group, commits": "raw values, in a group",
}


# What is typed, and for how many seconds it runs (None: to its end).
SCREENS = {
    "terminal": ("kcons demo", None),
    "line": ("kcons demo -o line", None),
    "handler": ("kcons demo -v --exec 'read task; [ $KCONS_OFFSET = 0 ] || [ $KCONS_ATTEMPT = 2 ]'", None),
    "lag": ("kcons lag mailer --watch", 5),
}

COLUMNS, LINES = 100, 30


def run_on_a_terminal(command, seconds=None, environment=None):
    """The lines a person sees at the end, with their colors."""
    process, terminal = pty.fork()
    if process == 0:
        os.execve("/bin/sh", ["sh", "-c", "exec " + command], {**os.environ, **(environment or {})})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    shown, end = bytearray(), None if seconds is None else time.monotonic() + seconds
    while True:
        if end is not None and not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            os.kill(process, signal.SIGTERM)
            end = None
        try:
            text = os.read(terminal, 4096)
        except OSError:  # How Linux tells the end of a terminal.
            text = b""
        if not text:
            break
        if seconds is None or end is not None:
            shown.extend(text)
    status = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
    if status not in (0, -signal.SIGTERM):
        sys.exit(f"{command} ended with {status}")
    # What is drawn anew begins at the upper left corner.
    frames = re.split(r"\x1b\[(?:1;1)?H", shown.decode().replace("\r", ""))
    frame = frames[-1] if frames[-1].strip() else frames[-2]
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-ln-z]", "", frame).rstrip("\n").split("\n")


def spans(line):
    """A line as SVG, its SGR codes as classes."""
    parts, classes = [], []
    for index, piece in enumerate(re.split(r"\x1b\[([0-9;]*)m", line)):
        if index % 2:
            for code in piece.split(";"):
                classes = classes + [STYLES[code]] if code in STYLES else []
        elif piece:
            text = escape(piece)
            parts.append(f'<tspan class="{" ".join(classes)}">{text}</tspan>' if classes else text)
    return "".join(parts)


def terminal_picture(name, program, environment=None):
    typed, seconds = SCREENS[name]
    command = typed.replace("kcons", f"{program}", 1) + " --color always"
    lines = run_on_a_terminal(command, seconds, environment)
    rows = ['<tspan class="dim">$</tspan> ' + escape(typed)] + [spans(line) for line in lines]
    widest = max(len(re.sub(r"<[^>]*>|&\\w+;", "", row)) for row in rows)
    height, width = 44 + 19 * len(rows), max(620, 50 + round(8.5 * widest))
    colors = "".join(f".{name}{{fill:{color}}}" for name, color in COLORS.items())
    texts = "\n".join(
        f'<text x="20" y="{54 + 19 * row}" xml:space="preserve">{text}</text>' for row, text in enumerate(rows)
    )
    dots = "".join(
        f'<circle cx="{22 + 18 * index}" cy="18" r="5.5" fill="{color}"/>'
        for index, color in enumerate(["#ff5f57", "#febc2e", "#28c840"])
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title">
<title id="title">{escape(typed)} on a terminal</title>
<style>text{{font:14px {MONOSPACE};fill:#e6edf3}}.bold{{font-weight:bold}}.dim{{fill:#9198a1}}{colors}</style>
<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>
{dots}
{texts}
</svg>
"""


def measured():
    """Seconds by task and tool, from the first table of the result."""
    with open(os.path.join(ROOT, "benches/result.md"), encoding="utf-8") as file:
        text = file.read()
    seconds = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("| \n").split("|")]
        if cells[0] in TASKS and len(cells) > 2 and re.fullmatch(r"[0-9.]+", cells[2]):
            seconds.setdefault(cells[0], []).append((cells[1], float(cells[2])))
    if set(seconds) != set(TASKS):
        sys.exit(f"benches/result.md has not all of {', '.join(TASKS)}")
    records = re.search(r"(\d+) records", text)
    return seconds, int(records.group(1))


def benchmark_picture():
    seconds, records = measured()
    longest = max(time for rows in seconds.values() for _, time in rows)
    parts, y = [], 58
    for task, rows in seconds.items():
        parts.append(f'<text class="task" x="20" y="{y}">{escape(TASKS[task])}</text>')
        y += 10
        for tool, time in rows:
            length = max(2, round(400 * time / longest))
            parts.append(f'<text x="150" y="{y + 14}" text-anchor="end">{escape(tool)}</text>')
            look = "ours" if tool == "kcons" else "other"
            parts.append(f'<rect class="{look}" x="160" y="{y + 2}" width="{length}" height="16" rx="2"/>')
            parts.append(f'<text x="{168 + length}" y="{y + 14}">{time:.2f} s</text>')
            y += 22
        y += 26
    width, height = 660, y - 12
    bars = "\n".join(parts)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title">
<title id="title">Seconds to read {records:,} records</title>
<style>text{{font:13px {SANS};fill:#1f2328}}.head{{font-size:15px;font-weight:600}}.task{{font-weight:600}}.ours{{fill:#1f883d}}.other{{fill:#afb8c1}}@media(prefers-color-scheme:dark){{text{{fill:#e6edf3}}.ours{{fill:#3fb950}}.other{{fill:#57606a}}}}</style>
<text class="head" x="20" y="26">Seconds to read {records:,} records, less is better</text>
{bars}
</svg>
"""


def write(name, picture):
    with open(os.path.join(ROOT, "pictures", name + ".svg"), "w", encoding="utf-8") as file:
        file.write(picture)


def main():
    match sys.argv[1:]:
        case ["screens", program, brokers]:
            for name in SCREENS:
                write(name, terminal_picture(name, program, {"KCONS_BROKERS": brokers}))
            return
        case ["terminal", program, *rest]:
            name, picture = "terminal", terminal_picture("terminal", program)
        case ["benchmark", *rest]:
            name, picture = "benchmark", benchmark_picture()
        case _:
            sys.exit(__doc__)
    if rest == ["-"]:
        sys.stdout.write(picture)
    else:
        write(name, picture)


main()
