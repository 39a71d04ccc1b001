# Completion of kcons in bash, 3.2 or newer. kcons itself says what fits, topics and groups of the cluster included.

_kcons() {
    # Bash cuts words at `=` and `:`, too: pieces without a blank between them are one word.
    local LC_ALL=C rest=$COMP_LINE index=-1 head='' tail='' at i piece blanks
    local -a words=()
    for ((i = 0; i < ${#COMP_WORDS[@]}; i++)); do
        piece=${COMP_WORDS[i]}
        blanks=${rest%%[![:space:]]*}
        if [[ -n $piece ]]; then rest=${rest#"$blanks"}; fi
        if [[ $i -eq 0 || -n $blanks ]]; then words+=(''); fi
        at=$((${#words[@]} - 1))
        if ((i == COMP_CWORD)); then
            # What stands behind the cursor in its word is not asked about.
            tail=$((COMP_POINT - ${#COMP_LINE} + ${#rest}))
            tail=${piece:0:tail > 0 ? tail : 0}
            head=${words[at]} index=$at
            words[at]=$head$tail
        elif ((at != index)); then
            words[at]+=$piece
        fi
        rest=${rest#"$piece"}
    done
    # A `=` or `:` stays; the value behind it is put in.
    if [[ $tail == [=:] ]]; then head=$head$tail tail=''; fi

    local program=kcons line kind='' prefix='' value
    case $1 in */*) program=${1/#\~\//$HOME/} ;; esac
    local -a lines=()
    while IFS= read -r line; do
        if [[ -z $kind ]]; then
            kind=${line%%$'\t'*} prefix=${line#*$'\t'}
        else
            lines+=("$prefix${line%%$'\t'*}")
        fi
    done < <("$program" complete bash "$index" -- "${words[@]}" 2> /dev/null < /dev/null)

    COMPREPLY=()
    value=$head$tail
    value=${value#"$prefix"}
    case $kind in
        words)
            for line in ${lines[@]+"${lines[@]}"}; do
                line=${line#"$head"}
                # Within quotes bash adds none.
                case $tail in [\'\"]*) ;; *) printf -v line %q "$line" ;; esac
                COMPREPLY+=("$line")
            done
            case ${COMPREPLY-} in *=) compopt -o nospace 2> /dev/null ;; esac
            ;;
        files)
            _kcons_take -f
            if [[ $head == *"$prefix" ]]; then compopt -o filenames 2> /dev/null; fi
            ;;
        command)
            _kcons_take -c
            ;;
        program)
            for ((i = 0; i < COMP_CWORD; i++)); do
                if [[ ${COMP_WORDS[i]} == -- ]]; then break; fi
            done
            if declare -F _command_offset > /dev/null; then
                _command_offset $((i + 1))
            elif ((COMP_CWORD == i + 1)); then
                _kcons_take -c
            else
                _kcons_take -f
                compopt -o filenames 2> /dev/null
            fi
            ;;
    esac
}

# Offers what bash itself knows of that kind.
_kcons_take() {
    local line
    while IFS= read -r line; do
        line=$prefix$line
        COMPREPLY+=("${line#"$head"}")
    done < <(compgen "$1" -- "$value")
}

complete -o nosort -F _kcons kcons 2> /dev/null || complete -F _kcons kcons
