# fish completion of p2pfs. Commands, options and what stands behind them are asked of `p2pfs help`, so that none can be
# missing here; groups, users and files of who is logged in, for two seconds at most and in silence.

# With --state and --tracker as they stand on the line.
function __p2pfs_ask
    set -l words (commandline -opc)
    set -l place
    set -l index 2
    while test $index -le (count $words)
        switch $words[$index]
            case --state --tracker
                set -a place $words[$index] (string replace -r '^~/' "$HOME/" -- $words[(math $index + 1)])
                set index (math $index + 1)
            case '--state=*' '--tracker=*'
                set -a place $words[$index]
        end
        set index (math $index + 1)
    end
    timeout 2 $words[1] $place $argv 2>/dev/null </dev/null
end

# The command and its arguments so far.
function __p2pfs_given
    set -l words (commandline -opc)
    set -l index 2
    set -l onlyWords
    while test $index -le (count $words)
        set -l word $words[$index]
        if test -n "$onlyWords"; or not string match -qr '^-.' -- $word
            printf '%s\0' $word
        else if test "$word" = --
            set onlyWords 1
        else if contains -- $word $__p2pfs_valued
            set index (math $index + 1)
        end
        set index (math $index + 1)
    end
end

# Whether that many words are given, and the first is this command.
function __p2pfs_at
    set -l given (__p2pfs_given | string split0)
    test (count $given) -eq $argv[2]; and test "$given[1]" = $argv[1]
end

function __p2pfs_beyond
    set -l given (__p2pfs_given | string split0)
    test (count $given) -gt $argv[2]; and test "$given[1]" = $argv[1]
end

function __p2pfs_is
    set -l given (__p2pfs_given | string split0)
    test "$given[1]" = $argv[1]
end

function __p2pfs_nothing_given
    test (count (__p2pfs_given | string split0)) -eq 0
end

function __p2pfs_groups
    set -l wanted 'owner|member'
    switch $argv[1]
        case join_group
            set wanted -
        case leave_group
            set wanted 'owner|member|pending'
        case list_requests accept_request reject_request remove_member
            set wanted owner
    end
    __p2pfs_ask list_groups | string replace -rf "^(\S+) \S+ ($wanted) .*" '$1'
end

# Of the directory that is being typed. A path is listed behind three fields, and escaped; printf wants a zero more.
function __p2pfs_files
    set -l given (__p2pfs_given | string split0)
    set -l above (commandline -ct | string unescape | string match -r '^.*/')
    for line in (__p2pfs_ask list_files -- $given[2])
        set -l path (string replace -r '^\S+ \S+ \S+ ' '' -- $line)
        set path (string replace -ra '(?<!\\\\)((?:\\\\\\\\)*)\\\\([0-7]{3})' '$1\\\\0$2' -- $path)
        set path (printf '%b\0' $path | string split0)
        set -l rest (string sub -s (math 1 + (string length -- "$above")) -- $path | string collect)
        test "$above$rest" = "$path"; or continue
        # What stands behind a tab would be taken for a description.
        string match -q \*\t\* -- $path; and continue
        set rest (string replace -r '(?s)/.*' / -- $rest | string collect)
        printf '%s\0' "$above$rest"
    end
end

function __p2pfs_users
    set -l given (__p2pfs_given | string split0)
    switch $given[1]
        case accept_request reject_request
            __p2pfs_ask list_requests -- $given[2]
        case remove_member
            __p2pfs_ask list_members -- $given[2] | string replace -r ' .*' ''
    end
end

# What an argument is called says what it is: $kind of $command, after $count words.
function __p2pfs_argument -a command count kind
    set -l now "__p2pfs_at $command $count"
    switch $kind
        case '*...' path destination tracker_info.txt
            complete -c p2pfs -n $now -F
        case dir
            complete -c p2pfs -n $now -a '(__fish_complete_directories (commandline -ct))'
        case command
            complete -c p2pfs -n $now -a "$__p2pfs_commands"
        case group
            test $command = create_group; or complete -c p2pfs -n $now -a "(__p2pfs_groups $command)" -d group
        case user
            complete -c p2pfs -n $now -a '(__p2pfs_users)'
        case file
            complete -c p2pfs -n $now -a '(__p2pfs_files | string split0)'
    end
end

# Behind usage and summary stands when it may be given.
function __p2pfs_option -a usage summary
    set -l words (string split ' ' -- $usage)
    set -l name (string replace -r '^-o$' '' -- $words[1] | string replace -r '^--' '')
    set -l how -l $name
    string match -qr '^-[a-z]$' -- $words[1]; and set how -s (string sub -s 2 -- $words[1])
    switch "$words[2]"
        case ''
        case FILE
            set -a how -r -F
        case DIR
            set -a how -x -a '(__fish_complete_directories (commandline -ct))'
        case OPTIONS
            set -a how -x -a '(__fish_append , allow_other ro rw show_control default_permissions)'
        case '*'
            set -a how -x
    end
    complete -c p2pfs $how -d $summary $argv[3..]
end

function __p2pfs_read_help
    set -g __p2pfs_valued
    set -g __p2pfs_commands
    set -l section
    set -l usages
    for line in (timeout 2 p2pfs help 2>/dev/null </dev/null)
        switch $line
            case Commands:
                set section commands
            case 'Options*'
                set section options
            case '  *'
                set -l parts (string match -r '^  (\S.*?)  +(.*)$' -- $line)
                set -l usage $parts[2]
                set -l words (string split ' ' -- $usage)
                if test "$section" = options
                    __p2pfs_option $usage $parts[3]
                    test (count $words) -gt 1; and set -a __p2pfs_valued $words[1]
                else
                    set -a __p2pfs_commands $words[1]
                    set -a usages $usage
                    complete -c p2pfs -n __p2pfs_nothing_given -a $words[1] -d $parts[3]
                end
        end
    end
    for usage in $usages
        set -l words (string split ' ' -- $usage)
        set -l count 0
        for word in $words[2..]
            if string match -qr '^\[-' -- $word
                __p2pfs_option (string trim -c '[]' -- $word) "of $words[1]" -n "__p2pfs_is $words[1]"
                continue
            end
            set count (math $count + 1)
            __p2pfs_argument $words[1] $count (string replace -ra '[<>\[\]]' '' -- $word)
        end
    end
    # Files as many as there are, and then the group.
    complete -c p2pfs -n '__p2pfs_beyond upload_file 1' -F -a '(__p2pfs_groups upload_file)'
end

complete -c p2pfs -f
__p2pfs_read_help
