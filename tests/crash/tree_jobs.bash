# The jobs of trees.sh: each is prepared afresh by fresh_..., whatever a disturbed run left is recovered and looked at by
# settle_..., which sets `state`, and taken to its end by converge_.... Sourced by it.
#
# site/ is where the work is done, and the tool is run beside it.
# shellcheck disable=SC2154

sync_command=("$tool" sync "$scratch/from" site/to site/log --workers 1 --protect old-only/keep)
undo_command=("$tool" undo site/to site/log --workers 1)

fresh_sync() {
  mkdir site
  cp -a "$scratch/old" site/to
}
# What site/ holds, once recovered; to be old or new.
settle_sync() {
  quietly "undo" "${undo_command[@]}"
  state=$(state_of site/to)
  if [[ $state == neither ]]; then
    fail "neither the old tree nor the new"
    show_neither
  fi
  check_left to
}
converge_sync() {
  quietly "the next synchronisation" "${sync_command[@]}"
  [[ $(state_of site/to) == new ]] || {
    fail "the next synchronisation does not end with the new tree"
    show_neither
  }
  check_left to
}

# check_left NAME...: nothing but these in site/, and an index of ours.
check_left() {
  local found
  found=$(find site -mindepth 1 -maxdepth 1 ! -name 'index*' -printf '%f ')
  local wanted=" $* "
  local name
  for name in $found; do
    [[ $wanted == *" $name "* ]] || fail "left over: site/$name"
  done
}

# The same with an index: what it says must hold after a cut, too.
fresh_indexed() {
  fresh_sync
  quietly scan "$tool" scan site/to --index site/index --manifest site/manifest
  rm -f site/manifest
}

# An undo to be cut off: of a synchronisation that ended, or was cut off at a call: cut=(CALL N).
fresh_kept() {
  fresh_sync
  quietly "synchronise" "${sync_command[@]}" --keep-log
}
fresh_renamed() {
  fresh_sync
  quietly "synchronise" "$without" exchange -- "${sync_command[@]}" --keep-log
}
fresh_cut() {
  fresh_sync
  disturbed signal=KILL "${cut[@]}" "${sync_command[@]}" || true
}

# Switches: site/run is the old tree and site/next the new, and each must be whole under one of the names.
fresh_exchange() {
  mkdir site
  cp -a "$scratch/old" site/run
  cp -a "$scratch/wanted" site/next
}
settle_exchange() {
  local other
  state=$(state_of site/run)
  other=$(state_of site/next)
  [[ $state-$other == old-new || $state-$other == new-old ]] || fail "run/ is $state, next/ is $other"
  check_left run next
}
converge_exchange() {
  if [[ $state == old ]]; then quietly "the next switch" "$tool" switch site run next; fi
  settle_exchange
  [[ $state == new ]] || fail "the next switch does not end with the new tree"
}

fresh_first() {
  mkdir site
  cp -a "$scratch/wanted" site/next
}
settle_first() {
  state=neither
  if [[ ! -e site/run && $(state_of site/next) == new ]]; then state=old; fi
  if [[ ! -e site/next && $(state_of site/run) == new ]]; then state=new; fi
  [[ $state != neither ]] || fail "the first tree is not whole under one name: $(ls site)"
}
converge_first() {
  if [[ $state == old ]]; then quietly "the next switch" "$tool" switch site run next; fi
  settle_first
  [[ $state == new ]] || fail "the next switch does not end with the new tree"
}

fresh_link() {
  mkdir site site/runs
  cp -a "$scratch/old" site/runs/old
  cp -a "$scratch/wanted" site/runs/new
  ln -s runs/old site/run
}
settle_link() {
  case $(readlink site/run) in
    runs/old) state=old ;;
    runs/new) state=new ;;
    *) state=neither ;;
  esac
  [[ $state != neither && $(state_of site/run/) == "$state" ]] || fail "run does not lead to a whole tree: $(ls -l site)"
}
converge_link() {
  quietly "the next switch" "$tool" switch-link site run runs/new
  settle_link
  [[ $state == new ]] || fail "the next switch does not end with the new tree"
  check_left run runs
}
