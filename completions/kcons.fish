# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_kcons_global_optspecs
    string join \n b/brokers= X/property= F/config= profile= connect-timeout= print-config q/quiet v/verbose color= log= h/help V/version
end

function __fish_kcons_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_kcons_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_kcons_using_subcommand
    set -l cmd (__fish_kcons_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c kcons -n "__fish_kcons_needs_command" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_needs_command" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_needs_command" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_needs_command" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_needs_command" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_needs_command" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_needs_command" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_needs_command" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_needs_command" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_needs_command" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_needs_command" -s V -l version -d 'Print version'
complete -c kcons -n "__fish_kcons_needs_command" -f -a "consume" -d 'Read topics; print every record, or hand each one to a command'
complete -c kcons -n "__fish_kcons_needs_command" -f -a "lag" -d 'Show how far behind a group is'
complete -c kcons -n "__fish_kcons_needs_command" -f -a "group" -d 'List, describe, reset or delete consumer groups'
complete -c kcons -n "__fish_kcons_needs_command" -f -a "topic" -d 'List or describe topics'
complete -c kcons -n "__fish_kcons_needs_command" -f -a "demo" -d 'Show the same consumer on a broker inside the process: no Kafka needed'
complete -c kcons -n "__fish_kcons_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c kcons -n "__fish_kcons_needs_command" -f -a "man" -d 'Print the manual page in roff'
complete -c kcons -n "__fish_kcons_using_subcommand consume" -s g -l group -d 'Join this consumer group: share partitions, commit, resume' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -s p -l partitions -d 'Read only these partitions, as in 0,2,5-7 (without --group)' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l wait-for-topic -d 'Wait that long for a topic that does not exist yet' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l instance-id -d 'Be a static member of the group under this id' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l offset-reset -d 'Start at earliest, latest or none if nothing is committed' -r -f -a "earliest\t''
latest\t''
none\t''"
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l from -d 'Start at this position [default: beginning] (without --group)' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l to -d 'Stop at this position; its record is not included' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -s n -l count -d 'Stop after N records' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l idle-timeout -d 'Stop when no record came for that long' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l duration -d 'Stop after that long' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l shutdown-timeout -d 'Leave within that long after a signal [default: 25s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l commit -d 'Commit as `auto`, `manual`, `batch=N` or `never` [default: auto]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l commit-interval -d 'Commit that often with --commit auto [default: 5s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -s o -l output -d 'Print pretty, line, json or raw [default: pretty on a terminal, else json]' -r -f -a "auto\t''
pretty\t''
line\t''
json\t''
raw\t''"
complete -c kcons -n "__fish_kcons_using_subcommand consume" -s D -l delimiter -d 'End every raw record with this [default: \\n]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l label -d 'Call a record this in pretty output [default: a word of the topic]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l title-field -d 'Show this field of the value in pretty output [default: title]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l filter -d 'Keep only records for which this jq expression is true' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l exec -d 'Run this shell command for each record, its value on stdin' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l worker -d 'Keep this shell command running, a JSON record a line' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l forward -d 'Produce each record to this topic' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l stdin -d 'Give value or json on stdin [default: value]' -r -f -a "value\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l parallel -d 'Handle that many records at once [default: 1]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l order -d 'Keep the order of key, partition or none [default: key]' -r -f -a "key\t''
partition\t''
none\t''"
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l in-flight -d 'Send that many records ahead of their answers [default: 64]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l rate -d 'Start at most that many records a second' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l timeout -d 'End an attempt that takes longer [default: 60s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l retries -d 'Try a failed record that often again [default: 3]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l backoff -d 'Wait before another attempt [default: 500ms..30s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l on-failure -d 'Stop, skip or dead-letter a failed record [default: stop]' -r -f -a "stop\t''
skip\t''
dead-letter\t''"
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l dead-letter -d 'Produce failed records to this topic' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l failure-limit -d 'Stop after N failed records in a row [default: 100]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l dedup -d 'Handle a record once only; this jq expression is its id' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l dedup-store -d 'Remember ids in this file, or in redis://HOST' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l dedup-ttl -d 'Remember an id for that long [default: 7d]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l value-format -d 'Take values as auto, json, text, base64 or hex [default: auto]' -r -f -a "auto\t''
json\t''
text\t''
base64\t''
hex\t''"
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l key-format -d 'Take keys as auto, json, text, base64 or hex [default: auto]' -r -f -a "auto\t''
json\t''
text\t''
base64\t''
hex\t''"
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l metrics -d 'Serve /metrics for Prometheus, /live and /ready for probes' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l read-uncommitted -d 'Read records of open and aborted transactions too'
complete -c kcons -n "__fish_kcons_using_subcommand consume" -s e -l exit -d 'Stop at the end as it was at the start'
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l async-commit -d 'Do not wait for answers to commits (manual and batch)'
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l json -d 'The same as `-o json`'
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l strict -d 'End the run at a record that cannot be decoded (exit code 5)'
complete -c kcons -n "__fish_kcons_using_subcommand consume" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand consume" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand consume" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand consume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_using_subcommand lag" -l topic -d 'Show only the partitions of TOPIC; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand lag" -l watch -d 'Refresh every DURATION until Ctrl-C [default: 2s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand lag" -l max-lag -d 'Exit with code 6 if the total is above N' -r
complete -c kcons -n "__fish_kcons_using_subcommand lag" -s o -l output -d 'Print a table, wide or json [default: table]' -r -f -a "table\t'A table, on a terminal as narrow as that'
wide\t'A table with all columns'
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand lag" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand lag" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand lag" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand lag" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand lag" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand lag" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand lag" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand lag" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand lag" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand lag" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand lag" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -f -a "list" -d 'List the groups of the cluster'
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -f -a "describe" -d 'Show a group: its state, its coordinator, its members and its lag'
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -f -a "reset" -d 'Move the committed offsets of a group without members'
complete -c kcons -n "__fish_kcons_using_subcommand group; and not __fish_seen_subcommand_from list describe reset delete" -f -a "delete" -d 'Delete groups without members, with what they have committed'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -l topic -d 'List only groups that read TOPIC; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -s o -l output -d 'Print a table or json [default: table]' -r -f -a "table\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from describe" -s o -l output -d 'Print a table, wide or json [default: table]' -r -f -a "table\t'A table, on a terminal as narrow as that'
wide\t'A table with all columns'
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from describe" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from describe" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from describe" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from describe" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from describe" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from describe" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from describe" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from describe" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -l topic -d 'Move in this topic, or in some of its partitions; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -l to -d 'Move to this position' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -l shift -d 'Move that many offsets on (+N) or back (-N)' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -s o -l output -d 'Print a table or json [default: table]' -r -f -a "table\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -l all-topics -d 'Move in all partitions that the group has committed'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -l execute -d 'Do it; without this nothing is changed'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -s o -l output -d 'Print a table or json [default: table]' -r -f -a "table\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do not ask'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand group; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -f -a "list" -d 'List the topics of the cluster'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and not __fish_seen_subcommand_from list describe" -f -a "describe" -d 'Show the partitions of topics: replicas, offsets, retention'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -s o -l output -d 'Print a table or json [default: table]' -r -f -a "table\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -l all -d 'List Kafka\'s own topics, too'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from describe" -s o -l output -d 'Print a table or json [default: table]' -r -f -a "table\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from describe" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from describe" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from describe" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from describe" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from describe" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from describe" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from describe" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from describe" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from describe" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from describe" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand topic; and __fish_seen_subcommand_from describe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_using_subcommand demo" -s g -l group -d 'Join this consumer group: share partitions, commit, resume' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -s p -l partitions -d 'Read only these partitions, as in 0,2,5-7 (without --group)' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l wait-for-topic -d 'Wait that long for a topic that does not exist yet' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l instance-id -d 'Be a static member of the group under this id' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l offset-reset -d 'Start at earliest, latest or none if nothing is committed' -r -f -a "earliest\t''
latest\t''
none\t''"
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l from -d 'Start at this position [default: beginning] (without --group)' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l to -d 'Stop at this position; its record is not included' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -s n -l count -d 'Stop after N records' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l idle-timeout -d 'Stop when no record came for that long' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l duration -d 'Stop after that long' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l shutdown-timeout -d 'Leave within that long after a signal [default: 25s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l commit -d 'Commit as `auto`, `manual`, `batch=N` or `never` [default: auto]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l commit-interval -d 'Commit that often with --commit auto [default: 5s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -s o -l output -d 'Print pretty, line, json or raw [default: pretty on a terminal, else json]' -r -f -a "auto\t''
pretty\t''
line\t''
json\t''
raw\t''"
complete -c kcons -n "__fish_kcons_using_subcommand demo" -s D -l delimiter -d 'End every raw record with this [default: \\n]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l label -d 'Call a record this in pretty output [default: a word of the topic]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l title-field -d 'Show this field of the value in pretty output [default: title]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l filter -d 'Keep only records for which this jq expression is true' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l exec -d 'Run this shell command for each record, its value on stdin' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l worker -d 'Keep this shell command running, a JSON record a line' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l forward -d 'Produce each record to this topic' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l stdin -d 'Give value or json on stdin [default: value]' -r -f -a "value\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l parallel -d 'Handle that many records at once [default: 1]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l order -d 'Keep the order of key, partition or none [default: key]' -r -f -a "key\t''
partition\t''
none\t''"
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l in-flight -d 'Send that many records ahead of their answers [default: 64]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l rate -d 'Start at most that many records a second' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l timeout -d 'End an attempt that takes longer [default: 60s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l retries -d 'Try a failed record that often again [default: 3]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l backoff -d 'Wait before another attempt [default: 500ms..30s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l on-failure -d 'Stop, skip or dead-letter a failed record [default: stop]' -r -f -a "stop\t''
skip\t''
dead-letter\t''"
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l dead-letter -d 'Produce failed records to this topic' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l failure-limit -d 'Stop after N failed records in a row [default: 100]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l dedup -d 'Handle a record once only; this jq expression is its id' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l dedup-store -d 'Remember ids in this file, or in redis://HOST' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l dedup-ttl -d 'Remember an id for that long [default: 7d]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l value-format -d 'Take values as auto, json, text, base64 or hex [default: auto]' -r -f -a "auto\t''
json\t''
text\t''
base64\t''
hex\t''"
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l key-format -d 'Take keys as auto, json, text, base64 or hex [default: auto]' -r -f -a "auto\t''
json\t''
text\t''
base64\t''
hex\t''"
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l metrics -d 'Serve /metrics for Prometheus, /live and /ready for probes' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l follow -d 'Go on with a new task every second until Ctrl-C'
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l serve -d 'Keep the broker for other terminals: print its address on stdout, consume nothing'
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l read-uncommitted -d 'Read records of open and aborted transactions too'
complete -c kcons -n "__fish_kcons_using_subcommand demo" -s e -l exit -d 'Stop at the end as it was at the start'
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l async-commit -d 'Do not wait for answers to commits (manual and batch)'
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l json -d 'The same as `-o json`'
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l strict -d 'End the run at a record that cannot be decoded (exit code 5)'
complete -c kcons -n "__fish_kcons_using_subcommand demo" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand demo" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand demo" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_using_subcommand completions" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand completions" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand completions" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand completions" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand completions" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand completions" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand completions" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand completions" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand completions" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand completions" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c kcons -n "__fish_kcons_using_subcommand man" -s b -l brokers -d 'Bootstrap servers [env: KCONS_BROKERS] [default: localhost:9092]' -r
complete -c kcons -n "__fish_kcons_using_subcommand man" -s X -l property -d 'Set any librdkafka property; repeatable' -r
complete -c kcons -n "__fish_kcons_using_subcommand man" -s F -l config -d 'Read properties from this file [env: KCONS_CONFIG]' -r -F
complete -c kcons -n "__fish_kcons_using_subcommand man" -l profile -d 'Take what is not typed from this profile [env: KCONS_PROFILE]' -r
complete -c kcons -n "__fish_kcons_using_subcommand man" -l connect-timeout -d 'Give up if no broker was reached in that long [default: 10s]' -r
complete -c kcons -n "__fish_kcons_using_subcommand man" -l color -d 'Color the output: auto, always or never [default: auto]' -r -f -a "auto\t''
always\t''
never\t''"
complete -c kcons -n "__fish_kcons_using_subcommand man" -l log -d 'Talk on stderr as text, or as one JSON object a line [default: text]' -r -f -a "text\t''
json\t''"
complete -c kcons -n "__fish_kcons_using_subcommand man" -l print-config -d 'Print every property, its value and its origin, and exit'
complete -c kcons -n "__fish_kcons_using_subcommand man" -s q -l quiet -d 'Say errors only'
complete -c kcons -n "__fish_kcons_using_subcommand man" -s v -l verbose -d 'Say more; -vv shows librdkafka\'s own log too'
complete -c kcons -n "__fish_kcons_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
