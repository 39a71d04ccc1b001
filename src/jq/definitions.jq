def @csv: to_csv;
def @tsv: to_tsv;
def @sh: to_shell;

# What is known before it changes.
def del(f): delpaths([path(f)]);

def from_entries: reduce .[] as $i ({};
    . + { ($i | .key // .k // .name // .Name // .K // .Key):
          ($i | if has("value") then .value elif has("v") then .v else .Value end) });
def with_entries(f): to_entries | map(f) | from_entries;

# See folds.rs.
def last_result(f): reduce f as $x (null; $x);

def flatten_($depth): .[] | if isarray and $depth != 0 then flatten_($depth - 1) else . end;
def flatten($depth):
    if $depth < 0 then error("flatten depth must not be negative") else [flatten_($depth)] end;
def flatten: [flatten_(-1)];

def sort_by(f): if isarray and length == 1 then (.[0] | [f]) as $key | . else sort_several_by(f) end;
def combinations: if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $y | [$x] + $y end;
def combinations(n): . as $dot | [range(n) | $dot] | combinations;
def transpose: [range(map(length) | max // 0) as $i | [.[][$i]]];
def nth($n; f): if $n < 0 then error("nth doesn't support negative indices") else first(skip($n; f)) end;
def pick(f): . as $in | reduce path(f) as $p (null; setpath($p; $in | getpath($p)));

def scan_one: [.[].string] | if length > 1 then .[1:] else .[0] end;
def scan(re; flags): matches(re; if flags == null then "g" else "g" + flags end)[] | scan_one;
def scan(re): scan(re; "");

def IN(s): any(s == .; .);
def IN(source; s): any(source == s; .);
def INDEX(stream; f): reduce stream as $i ({}; .[$i | f | tostring] |= $i);
def INDEX(f): INDEX(.[]; f);
def leaf_paths: paths(scalars);
def tostream: path(def r: (.[]? | r), .; r) as $p | getpath($p) | reduce path(.[]?) as $q ([$p, .]; [$p + $q]);
def fromstream(f): {x: null, e: false} as $init | foreach f as $i ($init;
    if .e then $init else . end
    | if $i | length == 2 then .e = ($i[0] | length == 0) | setpath(["x"] + $i[0]; $i[1])
      else .e = ($i[0] | length == 1) end;
    if .e then .x else empty end);
def truncate_stream(f): . as $n | null | f | . as $i | if (.[0] | length) > $n then setpath([0]; .[0][$n:]) else empty end;

def JOIN($index; f): [.[] | [., $index[f]]];
def JOIN($index; stream; f): stream | [., $index[f]];
def JOIN($index; stream; f; join): stream | [., $index[f]] | join;
def recurse_down: recurse;

def gamma: lgamma;
def lgamma_r: [lgamma, if . < 0 and (floor % 2 | . != 0) then -1 else 1 end];
def nearbyint: rint;

def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;
def fromdate: fromdateiso8601;
def todateiso8601: strftime("%Y-%m-%dT%H:%M:%SZ");
def todate: todateiso8601;
def date: todate;
def dateadd(unit; n): . + n;
def datesub(unit; n): . - n;
