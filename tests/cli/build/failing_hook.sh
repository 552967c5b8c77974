#!/usr/bin/env bash
# A build that fails changes nothing, and says what failed.

make_staging
make_project source 1.0.0
bake ./source --root staging --quiet
run release status --root staging
releases=$(ls staging/releases)

# A hook of the build; the last lines it said come with the error.
make_project source 1.1.0
mkdir -p source/.bake/hooks
cat >source/.bake/hooks/post_build <<'HOOK'
#!/bin/sh
echo "checking $BAKEHOUSE_PHASE in $BAKEHOUSE_MODE mode"
echo "the page has no title" >&2
exit 1
HOOK
chmod +x source/.bake/hooks/post_build
run bake ./source --root staging
[[ $(ls staging/releases) == "$releases" ]] || echo "there are other archives now"
run release status --root staging
run cat staging/run/public/index.html

# A hook that is none is told before anything is built.
mv source/.bake/hooks/post_build source/.bake/hooks/post_biuld
run bake ./source --root staging
rm -r source/.bake

# No buildpack knows this source.
rm source/Procfile
rm -r source/public
run bake ./source --root staging

# A buildpack of the project's own fails.
mkdir -p source/packs/strict/bin
cat >source/packs/strict/buildpack.toml <<'TOML'
api = "0.12"
[buildpack]
id = "example/strict"
version = "1.0.0"
TOML
printf '#!/bin/sh\n' >source/packs/strict/bin/detect
printf '#!/bin/sh\necho "I never like it"\nexit 7\n' >source/packs/strict/bin/build
chmod +x source/packs/strict/bin/*
echo 'buildpacks: [./packs/strict]' >>source/bake.yaml
run bake ./source --root staging
