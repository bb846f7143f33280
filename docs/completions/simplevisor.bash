# bash completion for simplevisor
# Made from the table of commands of simplevisor, not by hand.
_simplevisor_words() {
  local word
  for word in "$@"; do
    [[ $word == "$current"* ]] && COMPREPLY+=("$word")
  done
}

_simplevisor_files() {
  local word
  compopt -o filenames 2>/dev/null
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -f -- "$current")
}

# What the supervisor answers is compared by it, not handed to compgen, which would expand it.
_simplevisor_ask() {
  local word program=${COMP_WORDS[0]}
  [[ $program == \~/* ]] && program=$HOME/${program:2}
  while IFS= read -r word; do
    COMPREPLY+=("$word")
  done < <("$program" "${given[@]}" __complete "$1" ${current:+-- "$current"} 2>/dev/null </dev/null)
}

# "=" separates words in bash, so that --conf=FILE arrives as three.
_simplevisor() {
  local current=${COMP_WORDS[COMP_CWORD]} previous='' command='' own='' word value
  local -a given=()
  local -i i count=0
  COMPREPLY=()
  [[ $current == = ]] && current=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      --conf|--socket|--timeout|--for|--reason|-o|--columns|--sort|-w|--warning|-c|--critical|-n|--lines|--since|--grep|--textfile|--on-failure|--on-recovery|--settle|--interval|--at-most|--run-time|--every|--kind)
        [[ ${COMP_WORDS[i + 1]} == = ]] && i+=1
        if ((i + 1 >= COMP_CWORD)); then
          previous=$word
        else
          i+=1
          value=${COMP_WORDS[i]}
          [[ $value == \~/* ]] && value=$HOME/${value:2}
          [[ $word == --conf || $word == --socket ]] && given+=("$word" "$value")
        fi
        ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=${word//-/_}; else count+=1; fi ;;
    esac
  done
  case $previous in
    --conf) _simplevisor_files ;;
    --socket) _simplevisor_files ;;
    --timeout) : ;;
    --for) : ;;
    --reason) : ;;
    -o|--columns) _simplevisor_words node path type state verdict ready pid age restarts budget strategy restart held next why status name wide ;;
    --sort) _simplevisor_words node path type state verdict ready pid age restarts budget strategy restart held next why status name ;;
    -w|--warning) : ;;
    -c|--critical) : ;;
    -n|--lines) : ;;
    --since) : ;;
    --grep) : ;;
    --textfile) _simplevisor_files ;;
    --on-failure) _simplevisor_files ;;
    --on-recovery) _simplevisor_files ;;
    --settle) : ;;
    --interval) : ;;
    --at-most) : ;;
    --run-time) : ;;
    --every) : ;;
    --kind) _simplevisor_words plain consumer transfer sarra ;;
    *)
      if [[ $current == -* ]]; then
        case $command in
        start) own='--daemon' ;;
        hold) own='--for --reason' ;;
        status) own='-o --columns --sort -r --reverse --no-header --watch' ;;
        check) own='--nagios -w --warning -c --critical' ;;
        tree) own='--collapse-ok' ;;
        top) own='--sort' ;;
        events) own='-f --follow -n --lines' ;;
        logs) own='-f --follow -n --lines --since --grep' ;;
        metrics) own='--textfile' ;;
        hooks) own='--on-failure --on-recovery --each-end --settle --interval --at-most --run-time' ;;
        what_if) own='--every' ;;
        check_configuration) own='--verbose' ;;
        init) own='--kind' ;;
          *) ;;
        esac
        # shellcheck disable=SC2086
        _simplevisor_words --help --conf --socket --json --timeout --no-wait --version $own
        return
      fi
      if [[ -z $command ]]; then
        _simplevisor_words start stop restart hold release signal status check tree top why history events logs metrics hooks replay what_if check_configuration explain init version
        return
      fi
      case $command:$count in
        start:0) _simplevisor_ask nodes ;;
        stop:0) _simplevisor_ask nodes ;;
        restart:0) _simplevisor_ask nodes ;;
        hold:0) _simplevisor_ask nodes ;;
        release:0) _simplevisor_ask nodes ;;
        signal:0) _simplevisor_ask nodes ;;
        signal:1) : ;;
        status:0) _simplevisor_ask nodes ;;
        check:0) _simplevisor_ask nodes ;;
        tree:0) _simplevisor_ask nodes ;;
        top:0) _simplevisor_ask nodes ;;
        why:0) _simplevisor_ask nodes ;;
        history:0) _simplevisor_ask nodes ;;
        events:0) _simplevisor_ask nodes ;;
        logs:*) _simplevisor_ask nodes ;;
        hooks:0) _simplevisor_ask nodes ;;
        replay:0) _simplevisor_files ;;
        what_if:0) _simplevisor_ask nodes ;;
        what_if:1) _simplevisor_words dies hangs fails-to-start ;;
        what_if:2) : ;;
        what_if:3) _simplevisor_words times time ;;
        explain:0) _simplevisor_ask keys ;;
        init:0) _simplevisor_files ;;
        *) ;;
      esac
      ;;
  esac
}

complete -F _simplevisor simplevisor
