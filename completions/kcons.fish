# Completion of kcons in fish. kcons itself says what fits, topics and groups of the cluster included.

function __kcons_complete
    # fish does not tell completions what stands behind the cursor.
    set -l before (commandline -opc)
    set -l current (commandline -ct | string unescape | string collect --allow-empty)
    set -l at (count $before)
    set -l program kcons
    string match -q '*/*' -- $before[1]; and set program (string replace -r '^~/' "$HOME/" -- $before[1])

    set -l lines (command $program complete fish $at -- $before $current 2>/dev/null </dev/null)
    test (count $lines) -gt 0; or return 0
    set -l head (string split -m 1 \t -- $lines[1])
    set -l prefix $head[2]
    set -l value (string sub -s (math (string length -- "$prefix") + 1) -- $current)
    switch $head[1]
        case words
            for line in $lines[2..-1]
                echo -- "$prefix$line"
            end
        case files
            # As it was typed: what is quoted is no `~/`.
            set -l typed (string sub -s (math (string length -- "$prefix") + 1) -- (commandline -ct))
            for line in (complete -C "'' $typed")
                echo -- "$prefix$line"
            end
        case command
            for line in (complete -C "$value")
                echo -- "$prefix$line"
            end
        case program
            set -l dashes (contains -i -- -- $before)
            complete -C (string join ' ' -- (string escape -- $before[(math $dashes + 1)..-1]) (commandline -ct))
    end
end

complete -c kcons -f -k -a '(__kcons_complete)'
