#!/usr/bin/env bash
# `release verify` compares what is in service with what was signed.

make_staging
make_project source 1.0.0
echo 'data: {uploads: files}' >>source/bake.yaml
make_archive 1.0.0
make_production
run release verify --root production
release apply staging/releases/shop-1.0.0.tar.zst --root production --quiet
run release verify --root production

# What a release calls its data may change: that is no drift.
echo picture >production/run/uploads/picture
run release verify --root production

# Anything else in run/ is.
echo 'Welcome, hackers' >production/run/public/index.html
chmod 777 production/run/Procfile
echo x >production/run/extra
run release verify --root production

# Nothing of it has reached the pristine copy, so the next deployment is as it must be.
run release apply staging/releases/shop-1.0.0.tar.zst --discard-drift --root production --quiet 2>/dev/null
run release verify --root production
rm production/run/bake.yaml
ln -s bake.yml production/run/bake.yaml
run release verify --root production

# The pristine copy itself.
echo x >>"production/deploy/$(readlink production/deploy/current)/Procfile"
run release verify --root production --json
