def @csv: [.[] | if isstring then "\"" + gsub("\""; "\"\"") + "\"" elif . == null then "" else tojson end] | join(",");
def @tsv: [.[] | if isstring then gsub("\\\\"; "\\\\") | gsub("\t"; "\\t") | gsub("\n"; "\\n") | gsub("\r"; "\\r")
    elif . == null then "" else tojson end] | join("\t");

# What is known before it changes.
def del(f): delpaths([path(f)]);

def join($s): reduce .[] as $i (null;
    (if . == null then "" else . + $s end)
    + ($i | if . == null then "" elif isboolean or isnumber then tojson else . end)) // "";

def from_entries: reduce .[] as $i ({};
    . + { ($i | if .key == null then .k // .name // .Name // .K // .Key else .key end | if isstring then . else tojson end):
          ($i | if has("value") then .value elif has("v") then .v else .Value end) });
def with_entries(f): to_entries | map(f) | from_entries;

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
