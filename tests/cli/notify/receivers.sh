#!/usr/bin/env bash
# Mail and programs are told as well, each of what it asked for.

make_staging
make_production
for version in 1.0 2.0; do
  make_project source $version
  mkdir -p source/.bake/hooks
  # The hook is to read it.
  # shellcheck disable=SC2016
  printf '#!/bin/sh\n[ "$BAKEHOUSE_VERSION" = 1.0 ]\n' >source/.bake/hooks/post_deploy
  chmod +x source/.bake/hooks/post_deploy
  make_archive $version
done

# Stands in for the program of that name, and for one of the administrator's own.
printf '#!/bin/sh\n{ echo "sendmail $*"; cat; } >>%s/mails\n' "$HOME" >sendmail
printf '#!/bin/sh\nexec tr , "\\n" | grep -E "outcome|version" >>%s/told\n' "$HOME" >tell
chmod +x sendmail tell
cat >production/node.yaml <<END
notify:
  - {mail: ops@example.org, from: shop@web1.example.org, sendmail: $HOME/sendmail, on: failure}
  - {command: [$HOME/tell]}
END
release apply staging/releases/shop-1.0.tar.zst --root production --quiet
run cat mails
run cat told
run release apply staging/releases/shop-2.0.tar.zst --root production --quiet
mail() { sed -E 's/^(Date: ).*/\1<date>/; s/ on [^ :]+(:|$)/ on <host>\1/; s/^(who +).*/\1<who>/' mails; }
run mail
run tail -3 told

# Everybody, whatever he asked for, gets a test.
rm mails told
printf '#!/bin/sh\necho "no room for it"\nexit 75\n' >sendmail
run release notify test --root production
run cat told

# What cannot be honoured is refused, and no password is repeated.
cat >production/node.yaml <<END
notify:
  - {webhook: "https//bob:pa55@example.org"}
  - {mail: "ops@example.org\nBcc: mallory@example.org"}
  - {command: tell, on: [sucess]}
  - {mail: root, webhook: "https://example.org"}
logging: {events: events.jsonl}
END
run release notify test --root production
run release apply staging/releases/shop-1.0.tar.zst --again --root production
echo 'logging: {events: syslog}' >production/node.yaml
run release notify test --root production
