#!/usr/bin/env bash
# Classic buildpacks build as they are: an application made for them needs nothing but a bake.yaml.

make_staging
mkdir -p source/.profile.d
cat >source/bake.yaml <<'PROJECT'
name: shop
version: 1
build: {env: {GREETING: "good morning"}}
# Not started by an apply.
processes: {web: {schedule: "0 4 1 1 *"}, show: {schedule: "0 4 1 1 *"}}
PROJECT
printf 'Hello\n' >source/hello.txt
printf 'draft\n' >source/notes.draft
printf '*.draft\n' >source/.slugignore
# What stands in these is for bash when the process starts.
# shellcheck disable=SC2016
{
  printf 'export FROM="$FROM profile.d"\n' >source/.profile.d/b.sh
  printf 'export FROM=first\n' >source/.profile.d/a.sh
  printf 'export FROM="$FROM .profile"\n' >source/.profile
  printf 'web: ./greet "HOME is ${HOME##*/}" && echo "$FROM, $TONE, $DYNO"\n' >source/Procfile
}

# A pack that leaves a tool for the next one, and one that compiles with it. Neither has executable bits.
mkdir -p packs/tools/bin packs/heroku-buildpack-hello/bin
printf '#!/bin/sh\necho Tools\n' >packs/tools/bin/detect
cat >packs/tools/bin/compile <<'COMPILE'
#!/bin/sh
mkdir -p "$2/tools"
echo $(($(cat "$2/tools/builds" 2>/dev/null || echo 0) + 1)) >"$2/tools/builds"
echo "build number $(cat "$2/tools/builds") with this cache"
mkdir here && printf '#!/bin/sh\ncat "$1" && cat "$2"\n' >here/join && chmod +x here/join
echo 'export PATH="'"$PWD"'/here:$PATH"' >export
COMPILE
cat >packs/heroku-buildpack-hello/bin/detect <<'DETECT'
#!/bin/sh
[ -f "$1/hello.txt" ] || { echo "no hello.txt" >&2; exit 1; }
echo Hello
DETECT
cat >packs/heroku-buildpack-hello/bin/compile <<'COMPILE'
#!/bin/sh
set -e
cd "$1"
ls
join hello.txt "$3/GREETING" >both.txt
printf '#!/bin/sh\ncat both.txt; echo; echo "$1"\n' >greet
chmod +x greet
COMPILE
cat >packs/heroku-buildpack-hello/bin/release <<'RELEASE'
#!/bin/sh
cat <<YAML
---
addons: [shared-database:5mb]
config_vars: {TONE: friendly}
default_process_types:
  web: never started, the Procfile stands above
  show: cat both.txt
YAML
RELEASE

# As an application lists them; here they are commits of repositories of this machine.
export GIT_AUTHOR_DATE='@1767225600 +0000' GIT_COMMITTER_DATE='@1767225600 +0000'
for pack in tools heroku-buildpack-hello; do
  git init --quiet --initial-branch=main "packs/$pack"
  git -C "packs/$pack" add --all
  git -C "packs/$pack" -c user.name=A -c user.email=a@example.org commit --quiet --message='A buildpack'
  git clone --quiet --bare "packs/$pack" "$pack.git"
done
tools=$(git -C tools.git rev-parse HEAD)
hello=$(git -C heroku-buildpack-hello.git rev-parse HEAD)

echo "A branch may name something else tomorrow:"
printf '# as elsewhere\nfile://%s/tools.git#main\n' "$PWD" >source/.buildpacks
run bake detect ./source --root staging

printf 'file://%s#%s\n' "$PWD/tools.git" "$tools" "$PWD/heroku-buildpack-hello.git" "$hello" >source/.buildpacks
run bake detect ./source --root staging
run bake ./source --root staging --no-apply
run bake ./source --root staging --no-apply --as 2 --offline

echo "Who built is told in the release; its process has HOME, .profile.d, .profile, the default variables and its name:"
make_production
run release show staging/releases/shop-2.tar.zst --root production | grep -A 1 'built by' | sed "s/$tools/<commit>/; s/$hello/<commit>/"
run release apply staging/releases/shop-2.tar.zst --root production --quiet
run release exec --root production web
run release exec --root production show
echo
echo "Of several instances, which a supervisor numbers, each is told which it is:"
(cd production/run && BAKEHOUSE_INSTANCE=2 DYNO=web.1 bash -c 'source "$0" && echo "$DYNO"' .layers/*/classic/profile.d/classic.sh)

echo "A build that fails leaves the cache as it was:"
rm source/hello.txt
touch source/Hello.txt
sed -i '/tools.git/!d' source/.buildpacks
printf '%s\n' "$PWD/packs/failing" >>source/.buildpacks
mkdir -p packs/failing/bin
printf '#!/bin/sh\n' >packs/failing/bin/detect
printf '#!/bin/sh\necho "no, never"\nexit 9\n' >packs/failing/bin/compile
run bake ./source --root staging --no-apply --as 3
run cat staging/.bakehouse/cache/classic/current/tools/builds

echo "What is wrong in such a list names it:"
rm source/.buildpacks
printf '{"buildpacks": [' >source/app.json
run bake detect ./source --root staging
printf '{"buildpacks": [{"url": "heroku/none"}]}' >source/app.json
run bake detect ./source --root staging
mkdir -p source/own/bin
touch source/own/bin/compile
printf '{"buildpacks": [{"url": "./own"}]}' >source/app.json
run bake detect ./source --root staging
rm -r source/app.json source/own

echo "For authors:"
run bake buildpack check packs/heroku-buildpack-hello
run bake buildpack list packs
run bake buildpack try packs/tools source
