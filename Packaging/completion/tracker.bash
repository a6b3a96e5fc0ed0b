# bash completion of tracker; which options it has is asked of its help.

_tracker() {
  local current=$2 before=$3 usage options=(--version --help) valued=''
  COMPREPLY=()
  usage=$(timeout 2 "$1" --help 2>/dev/null </dev/null) || return
  usage=${usage%%$'\n'*}
  while [[ $usage =~ \[(--[a-z-]+)\ ([A-Z:]+)\](.*) ]]; do
    options+=("${BASH_REMATCH[1]}")
    [[ $before == "${BASH_REMATCH[1]}" ]] && valued=${BASH_REMATCH[2]}
    usage=${BASH_REMATCH[3]}
  done
  case $valued in
    DIR) compopt -o dirnames 2>/dev/null ;;
    LEVEL) mapfile -t COMPREPLY < <(compgen -W 'error warning info debug' -- "$current") ;;
    '')
      if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "${options[*]}" -- "$current")
      else
        compopt -o default 2>/dev/null
      fi
      ;;
  esac
  return 0
} && complete -F _tracker tracker
