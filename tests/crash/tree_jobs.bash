# The jobs of trees.sh: each is prepared afresh by fresh_..., whatever a disturbed run left is recovered and looked at by
# settle_..., which sets `state`, and taken to its end by converge_.... Sourced by it.
#
# site/ is where the work is done, and the tool is run beside it.
# shellcheck disable=SC2154

# The sites as they are before a job, from the trees made by trees.sh.
make_sites() {
  mkdir -p sites/{sync,exchange,first,link/runs}
  cp -a old sites/sync/to
  cp -a old sites/exchange/run
  cp -a wanted sites/exchange/next
  cp -a wanted sites/first/next
  cp -a old sites/link/runs/old
  cp -a wanted sites/link/runs/new
  ln -s runs/old sites/link/run
}

sync_command=("$tool" sync "$scratch/from" site/to site/log --workers 1 --protect old-only/keep)
undo_command=("$tool" undo site/to site/log --workers 1)

fresh_sync() { cp -a "$scratch/sites/sync" site; }
# What site/ holds, once recovered; to be old or new.
settle_sync() {
  quietly "undo" "${undo_command[@]}"
  look site/to
  state=$tree
  if [[ $state == neither ]]; then
    fail "neither the old tree nor the new"
    show_neither
  fi
  check_left to
}
converge_sync() {
  quietly "the next synchronisation" "${sync_command[@]}"
  is_tree site/to new || {
    fail "the next synchronisation does not end with the new tree"
    show_neither
  }
  check_left to
}

# check_left NAME...: nothing but these in site/, and an index of ours.
check_left() {
  local wanted=" $* " path
  for path in site/*; do
    [[ $path == site/index* || $wanted == *" ${path#site/} "* ]] || fail "left over: $path"
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
fresh_exchange() { cp -a "$scratch/sites/exchange" site; }
settle_exchange() {
  look site/run
  state=$tree
  look site/next
  [[ $state-$tree == old-new || $state-$tree == new-old ]] || fail "run/ is $state, next/ is $tree"
  check_left run next
}
converge_exchange() {
  if [[ $state == old ]]; then quietly "the next switch" "$tool" switch site run next; fi
  settle_exchange
  [[ $state == new ]] || fail "the next switch does not end with the new tree"
}

fresh_first() { cp -a "$scratch/sites/first" site; }
settle_first() {
  state=neither
  if [[ ! -e site/run ]] && is_tree site/next new; then state=old; fi
  if [[ ! -e site/next ]] && is_tree site/run new; then state=new; fi
  [[ $state != neither ]] || fail "the first tree is not whole under one name: $(ls site)"
}
converge_first() {
  if [[ $state == old ]]; then quietly "the next switch" "$tool" switch site run next; fi
  settle_first
  [[ $state == new ]] || fail "the next switch does not end with the new tree"
}

fresh_link() { cp -a "$scratch/sites/link" site; }
settle_link() {
  case $(readlink site/run) in
    runs/old) state=old ;;
    runs/new) state=new ;;
    *) state=neither ;;
  esac
  { [[ $state != neither ]] && is_tree site/run/ "$state"; } || fail "run does not lead to a whole tree: $(ls -l site)"
}
converge_link() {
  quietly "the next switch" "$tool" switch-link site run runs/new
  settle_link
  [[ $state == new ]] || fail "the next switch does not end with the new tree"
  check_left run runs
}
