# fish completion for simplevisor
# Made from the table of commands of simplevisor, not by hand.
# The words before the cursor, without options: the command, with "_", and its arguments.
function __simplevisor_plain
    set -l skip 0
    for word in (commandline -opc)[2..-1]
        if test $skip = 1
            set skip 0
        else if string match -qr -- '^(--conf|--socket|--timeout|--for|--reason|-o|--columns|--sort|-w|--warning|-c|--critical|-n|--lines|--since|--grep|--textfile|--on-failure|--on-recovery|--settle|--interval|--at-most|--run-time|--every|--kind)$' $word
            set skip 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# Nothing: no command yet. COMMAND NUMBER: this command, with so many arguments.
function __simplevisor_at
    set -l plain (__simplevisor_plain)
    if test (count $argv) = 0
        test (count $plain) = 0
        return
    end
    test (count $plain) = (math $argv[2] + 1)
    and test (string replace -a -- - _ $plain[1]) = $argv[1]
end

function __simplevisor_in
    set -l plain (__simplevisor_plain)
    test (count $plain) -gt 0
    and test (string replace -a -- - _ $plain[1]) = $argv[1]
end

function __simplevisor_ask
    set -l words (commandline -opc)
    set -l given
    for i in (seq 2 (count $words))
        switch $words[$i]
            case --conf --socket
                test $i -lt (count $words)
                and set -a given $words[$i] (string replace -r -- '^~/' "$HOME/" $words[(math $i + 1)])
            case '--conf=*' '--socket=*'
                set -a given $words[$i]
        end
    end
    set -l begun
    set -l current (commandline -ct)
    test -n "$current"
    and set begun -- $current
    set -l program (string replace -r -- '^~/' "$HOME/" $words[1])
    $program $given __complete $argv[1] $begun 2>/dev/null </dev/null
end

complete -c simplevisor -f
complete -c simplevisor -l help -d 'print help'
complete -c simplevisor -l conf -x -a '(__fish_complete_path (commandline -ct))' -d 'configuration file (else $SIMPLEVISOR_CONF, ./simplevisor.toml, ${XDG_CONFIG_HOME:-~/.config}/simplevisor/simplevisor.toml, /etc/simplevisor/simplevisor.toml)'
complete -c simplevisor -l socket -x -a '(__fish_complete_path (commandline -ct))' -d 'control socket (else control.sock in the state directory)'
complete -c simplevisor -l json -d 'print JSON, also for errors'
complete -c simplevisor -l timeout -x -d 'how long to wait at most: 500ms, 20s, 1m30s'
complete -c simplevisor -l no-wait -d 'do not wait until it is done'
complete -c simplevisor -l version -d 'print the version'
complete -c simplevisor -n '__simplevisor_at' -a start -d 'run the supervisor in the foreground, or start PATH'
complete -c simplevisor -n '__simplevisor_in start' -l daemon -d 'run in the background; return when the tree is up, or say why not'
complete -c simplevisor -n '__simplevisor_at start 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a stop -d 'stop the supervisor and its tree, or PATH'
complete -c simplevisor -n '__simplevisor_at stop 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a restart -d 'stop and start PATH'
complete -c simplevisor -n '__simplevisor_at restart 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a hold -d 'stop PATH and keep it stopped, for a time and with a reason that everybody sees'
complete -c simplevisor -n '__simplevisor_in hold' -l for -x -d 'start it again after this time: 2h, 1d'
complete -c simplevisor -n '__simplevisor_in hold' -l reason -x -d 'shown wherever the node is shown'
complete -c simplevisor -n '__simplevisor_at hold 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a release -d 'start what is held'
complete -c simplevisor -n '__simplevisor_at release 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a signal -d 'send a signal to the processes of workers'
complete -c simplevisor -n '__simplevisor_at signal 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a status -d 'show the condition of the tree; without PATH the exit code is that of an init script'
complete -c simplevisor -n '__simplevisor_in status' -s o -l columns -x -a 'node path type state verdict ready pid age restarts budget strategy restart held next why status name wide' -d 'these columns in this order; wide stands for most of them'
complete -c simplevisor -n '__simplevisor_in status' -l sort -x -a 'node path type state verdict ready pid age restarts budget strategy restart held next why status name' -d 'by this column instead of tree order: the worst, the youngest, the most restarts first'
complete -c simplevisor -n '__simplevisor_in status' -s r -l reverse -d 'the other way round'
complete -c simplevisor -n '__simplevisor_in status' -l no-header -d 'without the line of titles'
complete -c simplevisor -n '__simplevisor_in status' -l watch -d 'go on, and show it anew when something has changed; ages are brought up to date as often as this (2s)'
complete -c simplevisor -n '__simplevisor_at status 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a check -d 'compare wanted with actual: exit 0 as expected, 1 healing, 2 failed or missing, 3 cannot reach'
complete -c simplevisor -n '__simplevisor_in check' -l nagios -d 'as a Nagios plugin: one line with performance data, exit 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN'
complete -c simplevisor -n '__simplevisor_in check' -s w -l warning -x -d 'with --nagios: WARNING when the number of nodes that are not as expected is outside (default: 0)'
complete -c simplevisor -n '__simplevisor_in check' -s c -l critical -x -d 'with --nagios: CRITICAL when the number of nodes that are not as expected is outside (default: when a node failed or is missing)'
complete -c simplevisor -n '__simplevisor_at check 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a tree -d 'draw the tree'
complete -c simplevisor -n '__simplevisor_in tree' -l collapse-ok -d 'one line for each subtree in which all is well, and for the workers beside those that are not'
complete -c simplevisor -n '__simplevisor_at tree 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a top -d 'watch the tree in the whole terminal, and act on it'
complete -c simplevisor -n '__simplevisor_in top' -l sort -x -a 'path state pid age restarts budget why' -d 'begin with a table sorted by this column instead of the tree'
complete -c simplevisor -n '__simplevisor_at top 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a why -d 'explain a node: what it waits for, how it ended, who decided what, what comes next'
complete -c simplevisor -n '__simplevisor_at why 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a history -d 'list how the lives of a worker ended'
complete -c simplevisor -n '__simplevisor_at history 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a events -d 'list what happened'
complete -c simplevisor -n '__simplevisor_in events' -s f -l follow -d 'go on with what happens from now on, until the supervisor ends'
complete -c simplevisor -n '__simplevisor_in events' -s n -l lines -x -d 'the last N of those that are kept (default: all)'
complete -c simplevisor -n '__simplevisor_at events 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a logs -d 'show what workers printed'
complete -c simplevisor -n '__simplevisor_in logs' -s f -l follow -d 'go on with what they print from now on, until the supervisor ends'
complete -c simplevisor -n '__simplevisor_in logs' -s n -l lines -x -d 'the last N lines of each worker (default: 10; with --since all)'
complete -c simplevisor -n '__simplevisor_in logs' -l since -x -d 'lines from then on: 10m, 2h, or a time as 2026-01-31T13:05:06Z'
complete -c simplevisor -n '__simplevisor_in logs' -l grep -x -d 'lines that match, as grep -E has it'
complete -c simplevisor -n '__simplevisor_in logs' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a metrics -d 'print what a monitoring system may want to watch'
complete -c simplevisor -n '__simplevisor_in metrics' -l textfile -x -a '(__fish_complete_path (commandline -ct))' -d 'into this file instead, as the textfile collector of Prometheus'\'' node exporter reads it'
complete -c simplevisor -n '__simplevisor_at' -a hooks -d 'run programs when nodes fail and when they have recovered'
complete -c simplevisor -n '__simplevisor_in hooks' -l on-failure -x -a '(__fish_complete_path (commandline -ct))' -d 'run when a node has failed'
complete -c simplevisor -n '__simplevisor_in hooks' -l on-recovery -x -a '(__fish_complete_path (commandline -ct))' -d 'run when a node that had failed has run again for a while'
complete -c simplevisor -n '__simplevisor_in hooks' -l each-end -d 'each abnormal end of a worker is a failure, also when it is restarted'
complete -c simplevisor -n '__simplevisor_in hooks' -l settle -x -d 'how long a node must run to have recovered (default: 5s)'
complete -c simplevisor -n '__simplevisor_in hooks' -l interval -x -d 'at most one failure of a node is told in this time (default: 1min)'
complete -c simplevisor -n '__simplevisor_in hooks' -l at-most -x -d 'failures of all nodes that are told in one interval (default: 20)'
complete -c simplevisor -n '__simplevisor_in hooks' -l run-time -x -d 'a program that takes longer is killed (default: 30s)'
complete -c simplevisor -n '__simplevisor_at hooks 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at' -a replay -d 'play what the supervisor was told through its core again, and compare the decisions'
complete -c simplevisor -n '__simplevisor_at replay 0' -a '(__fish_complete_path (commandline -ct))'
complete -c simplevisor -n '__simplevisor_at' -a what_if -d 'play through what would happen if a worker failed'
complete -c simplevisor -n '__simplevisor_in what_if' -l every -x -d 'how long it runs before the next fault; without it 1s'
complete -c simplevisor -n '__simplevisor_at what_if 0' -a '(__simplevisor_ask nodes)'
complete -c simplevisor -n '__simplevisor_at what_if 1' -a 'dies hangs fails-to-start'
complete -c simplevisor -n '__simplevisor_at what_if 3' -a 'times time'
complete -c simplevisor -n '__simplevisor_at' -a check_configuration -d 'read the configuration and say what is wrong'
complete -c simplevisor -n '__simplevisor_in check_configuration' -l verbose -d 'print the tree that was understood'
complete -c simplevisor -n '__simplevisor_at' -a explain -d 'tell of a key of the configuration: value, default, example, meaning'
complete -c simplevisor -n '__simplevisor_at explain 0' -a '(__simplevisor_ask keys)'
complete -c simplevisor -n '__simplevisor_at' -a init -d 'write a commented tree to start from'
complete -c simplevisor -n '__simplevisor_in init' -l kind -x -a 'plain consumer transfer sarra' -d 'with these workers: plain (any program), consumer, transfer or sarra'
complete -c simplevisor -n '__simplevisor_at init 0' -a '(__fish_complete_path (commandline -ct))'
complete -c simplevisor -n '__simplevisor_at' -a version -d 'print the version'
