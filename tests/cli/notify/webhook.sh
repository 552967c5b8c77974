#!/usr/bin/env bash
# A webhook is told how every deployment ends: signed, and later when nobody listens.

listen() { # [PORT]
  rm -f hook/port
  "$BAKEHOUSE_SOURCE_DIR/tests/support/webhook_receiver.py" hook "$@" &
  receiver=$!
  wait_until test -s hook/port
}
deaf() {
  kill "$receiver"
  wait "$receiver" || true
}
trap 'kill "$receiver" 2>/dev/null || true' EXIT
# Each member on a line, for who reads this.
told() {
  sed -E 's/[{,]("[a-z_]+":)/\n  \1/g; s/\}$//' hook/told
  rm -f hook/told
}

make_staging
make_production
for version in 1.0 2.0 3.0; do
  make_project source $version
  if [[ $version == 3.0 ]]; then
    mkdir -p source/.bake/hooks
    printf '#!/bin/sh\necho "no access to https://bob:pa55@db.example.org/shop"\nexit 1\n' >source/.bake/hooks/post_deploy
    chmod +x source/.bake/hooks/post_deploy
  fi
  make_archive $version
done

mkdir hook
echo 'correct horse' >hook/secret
chmod 600 hook/secret
listen
cat >production/node.yaml <<END
services: {driver: none}
notify:
  - {webhook: "http://ops:pa55@127.0.0.1:$(cat hook/port)/hook/t0ken", secret-file: $HOME/hook/secret}
END

run release notify test --root production
run told

run release apply staging/releases/shop-1.0.tar.zst --root production --quiet
run told

# Nobody listens: that is a warning, and the message waits.
deaf
run release apply staging/releases/shop-2.0.tar.zst --root production --quiet
run release status --root production
run release notify flush --root production
listen "$(cat hook/port)"
run release notify flush --root production
run release notify flush --root production
run told
run release status --root production

# A failure, told without the password that a hook has printed.
deaf
run release apply staging/releases/shop-3.0.tar.zst --root production --quiet
run grep -r pa55 production/.bakehouse/outbox
listen "$(cat hook/port)"
run release notify flush --root production
run told

# Whoever does not take it says why.
echo 503 >hook/answer
run release notify test --root production
chmod 644 hook/secret
run release notify test --root production
