#!/usr/bin/env bash
# Copies of data/: taken while the application runs, listed, proved, put back, and removed by a rule in two steps.

make_staging
make_production
make_project source 1
mkdir -p source/.bake/hooks
cat >source/.bake/hooks/dump <<'END'
#!/bin/sh
cp "$BAKEHOUSE_ROOT/database" "$BAKEHOUSE_BACKUP/dumps/database"
END
cat >source/.bake/hooks/restore <<'END'
#!/bin/sh
cp "$BAKEHOUSE_BACKUP/dumps/database" "$BAKEHOUSE_ROOT/database"
END
chmod +x source/.bake/hooks/*
printf 'backups: {keep: {last: 1, daily: 1}}\n' >>source/bake.yaml
make_archive 1
printf 'rows of monday\n' >production/database
release apply staging/releases/shop-1.tar.zst --root production --quiet
printf 'signed on monday\n' >production/data/book
printf 'a picture\n' >production/data/picture

# What stands in the columns: kind, version, files, bytes, state.
backups() { release backup list --root production | awk 'NR > 1 { print $2, $4, $5, $6, $8 }'; }
newest() { release backup list --root production | tail -n 1 | cut -d ' ' -f 1; }

run release backup create --root production
monday=$(newest)
printf 'signed on tuesday\n' >production/data/book
printf 'rows of tuesday\n' >production/database
run release backup create --root production
run backups
run stat -c '%h names: %n' "production/archives/$monday/data/picture" production/data/picture
run release backup check --restore --root production
run release backup check nonsense --root production

# Back to monday. What was there until now is kept.
run release backup restore "$monday" --root production
run release backup restore "$monday" --root production --yes --quiet
run cat production/data/book production/database
run find production/archives -path '*data.replaced/*' -printf '%P\n' -exec cat {} +

# Damage is found, and what is damaged is not put back.
printf 'signed on sunday\n' >"production/archives/$monday/data/book"
run release backup check "$monday" --root production
run release backup restore "$monday" --root production --yes
run backups

# A rule says what is kept; nothing goes at once.
run release backup create --root production
run release backup forget --dry-run --root production
run release backup forget --root production
run release backup prune --root production
run release backup forget "$(newest)" --root production
run release backup forget "$monday" --root production
run release backup prune --root production
run backups
run release status --root production
