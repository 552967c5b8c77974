# shellcheck shell=bash
# The classic buildpacks of test-real-buildpacks, which reads this: what each is seen to do where it is at home.
#
# The variables are those of the script:
# shellcheck disable=SC2154

settings=''
# name_classic BUILDPACK...: the source in ./source is built by these, and $settings is added.
name_classic() {
  local pack list=''
  for pack; do list+="  - $pack"$'\n'; done
  printf 'name: shop\nversion: 1\nbuildpacks:\n%s%s\n' "$list" "$settings" >source/bake.yaml
}

begin_classic() { # CASE
  begin "$1"
  mkdir source
  settings=''
}

cook() { try bake ./source --root staging --no-apply "$@"; }
says() { # TEXT: the last command did
  grep -qF -- "$1" output && return 0
  fail "it does not say '$1': $(tail -n 5 output | tr '\n' ' ')"
  return 1
}
is_archived() { tar --zstd -tf staging/releases/shop-1.tar.zst "$1" >/dev/null 2>&1; }
archived() { # PATH: is in the archive
  is_archived "$1" && return 0
  fail "'$1' is not in the release"
  return 1
}
write_program() { # FILE BODY
  mkdir -p "$(dirname "$1")"
  printf '#!/bin/sh\n%s\n' "$2" >"$1"
  chmod +x "$1"
}
write_c_program() {
  printf 'all:\n\tcc -o hello hello.c\n' >source/Makefile
  printf '#include <stdio.h>\nint main() { puts("hello"); }\n' >source/hello.c
}
# Those that the inline buildpack runs.
write_inline_programs() {
  write_program source/bin/detect 'echo Inline'
  # shellcheck disable=SC2016
  write_program source/bin/compile 'n=$(cat "$2/n" 2>/dev/null || echo 0); n=$((n + 1)); echo $n >"$2/n"; echo "$# arguments, build $n"'
  write_program source/bin/release 'printf -- "---\ndefault_process_types:\n  web: ./hello\n  worker: ./work\n"'
}

classic_c() {
  begin_classic H1-c
  write_c_program
  name_classic "$checkouts/heroku-buildpack-c"
  printf 'web: ./hello\n' >source/Procfile
  try bake detect ./source --root staging
  says 'applies (C)' || return 0
  cook
  expect_status 0 || return 0
  mkdir unpacked
  tar --zstd -C unpacked -xf staging/releases/shop-1.tar.zst
  expect 'what web prints' "$("$build/src/launch/launch" unpacked web)" hello || return 0
  rm source/Makefile
  try bake detect ./source --root staging --json
  expect 'the exit code of the platform' "$(detected platform-exit)" 20 || return 0
  pass
}

classic_run() {
  begin_classic H2-run
  # shellcheck disable=SC2016
  write_program source/buildpack-run.sh 'echo "greeting is ${GREETING-nothing}"'
  settings='build: {env: {GREETING: hello}}'
  name_classic "$checkouts/heroku-buildpack-run"
  cook
  says 'greeting is nothing' || return 0
  settings='build: {env: {GREETING: hello, BUILDPACK_RUN_LOAD_CONFIG: "1"}}'
  name_classic "$checkouts/heroku-buildpack-run"
  cook --as 2
  says 'greeting is hello' || return 0
  settings='build: {env: {BUILDPACK_RUN: "exit 3"}}'
  name_classic "$checkouts/heroku-buildpack-run"
  cook --as 3
  expect_status 5 && says 'exited with status 3' || return 0
  pass
}

classic_subdirectory() { # CASE BUILDPACK VARIABLE
  begin_classic "$1"
  mkdir -p source/apps/one
  touch source/top source/apps/one/{app,.dot}
  settings="build: {env: {$3: apps/one}}"
  name_classic "$checkouts/$2"
  cook
  expect_status 0 && archived app && archived .dot && archived bake.yaml || return 0
  if is_archived top; then
    fail "'top' is still there"
    return 0
  fi
  settings=''
  name_classic "$checkouts/$2"
  cook --as 2
  expect_status 5 || return 0
  pass
}

classic_shell() {
  begin_classic H4-shell
  mkdir source/.heroku
  echo 'touch made' >source/.heroku/run.sh
  name_classic "$checkouts/heroku-buildpack-shell"
  cook
  expect_status 0 && archived made || return 0
  pass
}

classic_hello() {
  begin_classic H4-hello
  echo 'Hello you' >source/hello.txt
  name_classic "$checkouts/heroku-buildpack-hello"
  cook
  expect_status 0 && archived goodbye.txt || return 0
  archived .layers/classic_heroku-buildpack-hello/classic/env.launch/PATH.default || return 0
  expect 'the processes' "$(processes)" 'hello cat hello.txt' || return 0
  : >source/hello.txt
  cook --as 2
  expect_status 5 && says 'hello.txt was empty' || return 0
  pass
}

classic_inline() {
  begin_classic H5-inline
  write_inline_programs
  name_classic "$checkouts/heroku-buildpack-inline"
  cook
  says '3 arguments, build 1' || return 0
  expect 'the processes' "$(processes)" $'web* ./hello\nworker ./work' || return 0
  cook --as 2
  says '3 arguments, build 2' || return 0
  rm -r source/bin
  try bake detect ./source --root staging --json
  expect 'the exit code of the platform' "$(detected platform-exit)" 20 || return 0
  pass
}

# The repositories lie in the application: of /tmp the build sees nothing.
classic_multi() {
  begin_classic H6-multi
  write_c_program
  write_inline_programs
  for pack in c inline; do
    git clone --quiet --bare "$checkouts/heroku-buildpack-$pack" "source/packs/$pack.git" 2>/dev/null
    echo "file://$PWD/staging/run/packs/$pack.git" >>source/.buildpacks
  done
  name_classic "$checkouts/heroku-buildpack-multi"
  cook
  expect_status 0 && says 'Detected Framework: C' && says '3 arguments, build 1' && archived hello || return 0
  expect 'the processes' "$(processes)" $'web* ./hello\nworker ./work' || return 0
  rm source/Makefile
  cook --as 2
  expect_status 5 || return 0
  pass
}

# It names files of its own relative to its directory, and finds `erb` where the one before exported it.
classic_nginx() {
  begin_classic H8-nginx
  write_program source/packs/erb/bin/detect 'echo Erb'
  # shellcheck disable=SC2016
  write_program source/packs/erb/bin/compile 'mkdir own; cp bin/detect own/erb; echo "export PATH=$PWD/own:\$PATH" >export'
  name_classic ./packs/erb "$checkouts/heroku-buildpack-nginx"
  cook --offline
  expect_status 0 && archived bin/nginx || return 0
  pass
}

# These want more than a test can give them; how far they come is told.
classic_apt() {
  begin_classic apt
  echo '# no packages' >source/Aptfile
  name_classic "$checkouts/heroku-buildpack-apt"
  cook
  expect_status 0 && says 'You have no packages listed' || return 0
  pass
}

classic_static() {
  begin_classic static
  echo '{}' >source/static.json
  name_classic "$checkouts/heroku-buildpack-static"
  cook
  expect_status 5 && says 'Stack heroku-22 is not supported!' || return 0
  pass
}

classic_python() {
  begin_classic python
  touch source/requirements.txt
  echo 3.13 >source/.python-version
  name_classic "$checkouts/heroku-buildpack-python"
  cook
  expect_status 5 && says 'where a build may not: /app' || return 0
  settings='build: {app-path: /app}'
  name_classic "$checkouts/heroku-buildpack-python"
  cook --offline
  expect_status 5 && says 'ubuntu-22.04' || return 0
  pass
}

classic_ruby() {
  begin_classic ruby
  touch source/Gemfile source/Gemfile.lock
  name_classic "$checkouts/heroku-buildpack-ruby"
  cook --offline
  expect_status 5 && says 'heroku-22/ruby-' && says 'the build ran offline' || return 0
  pass
}

classic_php() {
  begin_classic php
  echo '{}' >source/composer.json
  settings='build: {app-path: /app}'
  name_classic "$checkouts/heroku-buildpack-php"
  cook --offline
  expect_status 5 && says 'Failed to download minimal PHP' && says 'the build ran offline' || return 0
  pass
}

classic_cases() {
  if have H1-c heroku-buildpack-c; then classic_c; fi
  if have H2-run heroku-buildpack-run; then classic_run; fi
  if have H3-monorepo heroku-buildpack-monorepo; then
    classic_subdirectory H3-monorepo heroku-buildpack-monorepo APP_BASE
  fi
  if have H3-subdir subdir-heroku-buildpack; then
    classic_subdirectory H3-subdir subdir-heroku-buildpack PROJECT_PATH
  fi
  if have H4-shell heroku-buildpack-shell; then classic_shell; fi
  if have H4-hello heroku-buildpack-hello; then classic_hello; fi
  if have H5-inline heroku-buildpack-inline; then classic_inline; fi
  if have H6-multi heroku-buildpack-multi; then classic_multi; fi
  if have H8-nginx heroku-buildpack-nginx; then classic_nginx; fi
  if have apt heroku-buildpack-apt; then classic_apt; fi
  if have static heroku-buildpack-static; then classic_static; fi
  if have python heroku-buildpack-python; then classic_python; fi
  if have ruby heroku-buildpack-ruby; then classic_ruby; fi
  if have php heroku-buildpack-php; then classic_php; fi
}
