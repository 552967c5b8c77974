#!/usr/bin/env bash
# `bake buildpack try` builds a copy of an application with one buildpack, and shows what came of it.

mkdir -p pack/bin app
echo 'print 1' >app/main.x
printf 'api = "0.12"\n[buildpack]\nid = "acme/x"\nversion = "1.0.0"\n' >pack/buildpack.toml
cat >pack/bin/detect <<'DETECT'
#!/bin/sh
[ -f main.x ] || exit 100
printf '[[provides]]\nname = "x"\n[[requires]]\nname = "x"\n' >"$2"
DETECT
cat >pack/bin/build <<'BUILD'
#!/bin/sh
set -e
echo "compiling"
for layer in tools runtime; do mkdir -p "$1/$layer/bin" "$1/$layer/env"; printf '%s' "$layer" >"$1/$layer/env/X_PART.append"; done
printf '[types]\nbuild = true\ncache = true\n' >"$1/tools.toml"
printf '[types]\nlaunch = true\n' >"$1/runtime.toml"
printf '[[processes]]\ntype = "x"\ncommand = ["run", "main.x"]\ndefault = true\n' >"$1/launch.toml"
echo 'compiled' >main.o
BUILD
chmod +x pack/bin/*

run bake buildpack try pack app
echo "The application is as it was:"
run ls app

run bake buildpack try pack app --json --quiet

echo "What was built is kept where it is asked for, and nothing that is there is touched."
run bake buildpack try pack app --keep kept --quiet
run find kept -type f
run bake buildpack try pack app --keep kept --quiet

echo "One that fails, as a bake says it:"
printf '#!/bin/sh\necho "no compiler"\nexit 7\n' >pack/bin/build
run bake buildpack try pack app
run bake buildpack try pack nowhere

echo "One that needs what others provide is tried beside the shipped ones, and says what is missing."
cat >pack/bin/detect <<'DETECT'
#!/bin/sh
printf '[[requires]]\nname = "y"\n' >"$2"
DETECT
run bake buildpack try pack app
