# bash completion of p2pfs. Commands, options and what stands behind them are asked of `p2pfs help`, so that none can be
# missing here; groups, users and files of who is logged in, for two seconds at most and in silence.

# Sets `word`: $1 without its quotes and backslashes, and `quote`, which is still open. Nothing in it is carried out.
_p2pfs_unquote() {
  local rest=$1 char ansi
  word='' quote=''
  while [[ $rest ]]; do
    char=${rest:0:1} rest=${rest:1}
    case $quote$char in
      \\) word+=${rest:0:1} rest=${rest:1} ;;
      \' | \") quote=$char ;;
      \$)
        if [[ $rest == \'* ]]; then quote=\$ ansi='' rest=${rest:1}; else word+=$char; fi
        ;;
      "''" | '""') quote= ;;
      \"\\) if [[ $rest == [\\\"\$\`]* ]]; then word+=${rest:0:1} rest=${rest:1}; else word+=\\; fi ;;
      "\$'") quote='' word+=$(printf '%b.' "$ansi") word=${word%.} ;;
      \$\\) ansi+=\\${rest:0:1} rest=${rest:1} ;;
      \$*) ansi+=$char ;;
      *) word+=$char ;;
    esac
  done
  [[ $quote == \$ ]] && word+=$(printf '%b.' "$ansi") && word=${word%.}
  [[ ${word:0:2} == \~/ && ${1:0:2} == \~/ ]] && word=$HOME${word:1}
  return 0
}

# Sets `text`: as $1 has to be written where `quote` is open. What readline does for file names leaves $ as it is.
_p2pfs_quote() {
  text=$1
  case $quote in
    '') printf -v text %q "$text" ;;
    \') text=${text//\'/\'\\\'\'} ;;
    \")
      text=${text//\\/\\\\} text=${text//\"/\\\"}
      text=${text//\$/\\\$} text=${text//\`/\\\`}
      ;;
    \$)
      text=${text//\\/\\\\} text=${text//\'/\\\'}
      text=${text//$'\n'/\\n}
      ;;
  esac
}

# Sets `line`: the words up to the cursor, put together again where bash parts them at = : and @; and `head`: what of
# the last one readline leaves alone.
_p2pfs_read_line() {
  local rest=$COMP_LINE text index part
  line=() head=''
  for ((index = 0; index <= COMP_CWORD; index++)); do
    part=${COMP_WORDS[index]}
    text=${rest#"${rest%%[![:space:]]*}"}
    if ((index)) && [[ $text == "$rest" ]]; then
      head=${line[-1]} line[-1]+=$part
      [[ $part == [=:@] ]] && head+=$part
    else
      line+=("$part") head=''
    fi
    rest=${text#"$part"}
  done
}

_p2pfs_ask() {
  timeout 2 "$program" "${place[@]}" "$@" </dev/null 2>/dev/null
}

# Sets what the help says: `commands`, `usages` of them, `options`, and `values` that these take.
_p2pfs_read_help() {
  local text section usage
  while IFS= read -r text; do
    case $text in
      Commands:) section=commands ;;
      Options*) section=options ;;
      '  '[a-z]* | '  -'*)
        usage=${text#  }
        usage=${usage%%  *}
        if [[ $section == commands ]]; then
          commands+=("${usage%% *}")
          usages[${usage%% *}]=$usage
        elif [[ $section == options ]]; then
          options+=("${usage%% *}")
          [[ $usage == *' '* ]] && values[${usage%% *}]=${usage#* }
        fi
        ;;
    esac
  done < <(_p2pfs_ask help)
}

# Sets `given`, the command and its arguments so far; `place`, whose groups are meant; `option`, whose value is wanted.
_p2pfs_read_given() {
  local index argument word quote onlyWords=''
  given=() place=() option='' mayBeOption=''
  for ((index = 1; index < ${#line[@]} - 1; index++)); do
    _p2pfs_unquote "${line[index]}"
    argument=$word
    if [[ $onlyWords || $argument != -* || $argument == - ]]; then
      given+=("$argument")
    elif [[ $argument == -- ]]; then
      onlyWords=1
    elif [[ $argument != *=* && ${values[$argument]-} ]]; then
      option=$argument
      if ((++index < ${#line[@]} - 1)); then
        _p2pfs_unquote "${line[index]}"
        [[ $option == --@(state|tracker) ]] && place+=("$option" "$word")
        option=''
      fi
    elif [[ $argument == --@(state|tracker)=* ]]; then
      place+=("$argument")
    fi
  done
  [[ ! $onlyWords && ! $option && $current == -* ]] && mayBeOption=1
  return 0
}

_p2pfs_offer() {
  local candidate text
  for candidate; do
    [[ $candidate == "$current"* ]] || continue
    _p2pfs_quote "${candidate:${#kept}}"
    COMPREPLY+=("$text")
  done
}

_p2pfs_offer_groups() {
  local name state rest wanted='@(owner|member)'
  case $1 in
    join_group) wanted=- ;;
    leave_group) wanted='@(owner|member|pending)' ;;
    list_requests | accept_request | reject_request | remove_member) wanted=owner ;;
    create_group) return ;;
  esac
  while read -r name _ state rest; do
    # shellcheck disable=SC2053 # a pattern
    [[ $state == $wanted ]] && _p2pfs_offer "$name"
  done < <(_p2pfs_ask list_groups)
}

# Up to the next slash, as of a directory. A path is listed behind three fields, and escaped as `printf %b` reads it.
_p2pfs_offer_files() {
  local lines text name last=''
  mapfile -t lines < <(_p2pfs_ask list_files -- "$1")
  for text in "${lines[@]}"; do
    name=${text#* * * }
    [[ $name == *\\* ]] && printf -v name %b "$name"
    [[ $name == "$current"* ]] || continue
    text=${name:${#current}}
    [[ $text == */* ]] && name=$current${text%%/*}/
    [[ $name == "$last" ]] || _p2pfs_offer "$name"
    last=$name
  done
  _p2pfs_go_on_after_slash
}

_p2pfs_go_on_after_slash() {
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[/=] ]] && compopt -o nospace 2>/dev/null
  return 0
}

_p2pfs_offer_users() {
  local name rest
  case $1 in
    accept_request | reject_request) set -- list_requests "$2" ;;
    remove_member) set -- list_members "$2" ;;
    *) return ;;
  esac
  while read -r name rest; do _p2pfs_offer "$name"; done < <(_p2pfs_ask "$1" -- "$2")
}

_p2pfs_offer_mount_options() {
  local before=${current%"${current##*,}"} name names=(allow_other default_permissions ro rw show_control)
  for name in "${!values[@]}"; do [[ $name == --* ]] && names+=("${name#--}="); done
  _p2pfs_offer "${names[@]/#/$before}"
  compopt -o nospace 2>/dev/null
}

# What a value or an argument is called says what it is.
_p2pfs_offer_kind() {
  case $1 in
    FILE | path | destination | tracker_info.txt) compopt -o default -o bashdefault 2>/dev/null ;;
    DIR | dir) compopt -o dirnames 2>/dev/null ;;
    OPTIONS) _p2pfs_offer_mount_options ;;
    command) _p2pfs_offer "${commands[@]}" ;;
    group) _p2pfs_offer_groups "${given[0]}" ;;
    user) _p2pfs_offer_users "${given[@]}" ;;
    file) _p2pfs_offer_files "${given[1]}" ;;
  esac
}

_p2pfs_offer_argument() {
  local usage=${usages[${given[0]}]-} kinds=() part
  for part in ${usage#* }; do
    [[ $part == '[-'* || $part == "${given[0]}" ]] || kinds+=("${part//[<>\[\]]/}")
  done
  if [[ ${kinds[0]-} == *... ]]; then
    # Local files, and then the group.
    for part in "$current"*; do
      [[ -d $part ]] && part+=/
      [[ -e $part || -L $part ]] && _p2pfs_offer "$part"
    done
    ((${#given[@]} > 1)) && _p2pfs_offer_kind "${kinds[1]}"
    _p2pfs_go_on_after_slash
  else
    _p2pfs_offer_kind "${kinds[${#given[@]} - 1]-}"
  fi
  return 0
}

_p2pfs() {
  local program=${COMP_WORDS[0]} line head word quote current kept given place=() option mayBeOption
  local commands=() options=() part
  local -A usages values
  COMPREPLY=()
  _p2pfs_unquote "$program"
  program=$word
  _p2pfs_read_help
  _p2pfs_read_line
  _p2pfs_unquote "$head"
  kept=$word
  _p2pfs_unquote "${line[-1]}"
  current=$word
  _p2pfs_read_given
  if [[ $mayBeOption && $current == --*=* ]]; then
    option=${current%%=*}
    kept=${kept#"$option="} current=${current#*=}
    _p2pfs_offer_kind "${values[$option]-}"
  elif [[ $option ]]; then
    _p2pfs_offer_kind "${values[$option]-}"
  elif [[ $mayBeOption ]]; then
    for part in ${given[0]+${usages[${given[0]}]-}}; do
      [[ $part == '[-'* ]] && part=${part#[} && options+=("${part%]}")
    done
    _p2pfs_offer "${options[@]}"
  elif ((${#given[@]} == 0)); then
    _p2pfs_offer "${commands[@]}"
  else
    _p2pfs_offer_argument
  fi
} && complete -F _p2pfs p2pfs
