#!/usr/bin/env bash
# A project.toml says to any platform what to build, and by whom; bake.yaml stands above it.

make_staging
make_project source 1.0
mkdir source/docs
echo draft >source/docs/notes.txt
cat >source/project.toml <<'TOML'
[_]
schema-version = "0.2"

[io.buildpacks]
exclude = ["/docs", "*.tmp"]
colour = "blue"

[[io.buildpacks.group]]
id = "bakehouse/procfile"

[[io.buildpacks.group]]
id = "shop/greet"
[io.buildpacks.group.script]
api = "0.12"
inline = "echo \"$GREETING from an inline buildpack\"; ls"

[[io.buildpacks.build.env]]
name = "GREETING"
value = "hello"
TOML

run bake ./source --root staging --sequence 1 --no-apply

echo "bake.yaml decides, where it says who builds and with what:"
printf 'name: shop\nversion: 1.1\nbuildpacks: [procfile]\nbuild: {env: {GREETING: ahoy}}\n' >source/bake.yaml
run bake ./source --root staging --sequence 2 --no-apply

echo "What it names must be at hand:"
printf 'name: shop\nversion: 1.2\n' >source/bake.yaml
sed -i 's|id = "bakehouse/procfile"|uri = "docker://example.org/pack"|' source/project.toml
run bake ./source --root staging --sequence 3 --no-apply

echo "Beside another list its ends have no place:"
printf '[_]\nschema-version = "0.2"\n[[io.buildpacks.pre.group]]\nid = "bakehouse/static"\n' >source/project.toml
echo bakehouse/procfile >source/.buildpacks
run bake detect ./source --root staging
rm source/.buildpacks

echo "Two classic ones may have one name:"
for place in one two; do
  mkdir -p "source/$place/own/bin"
  printf '#!/bin/sh\necho %s\n' "$place" >"source/$place/own/bin/detect"
  printf '#!/bin/sh\n' >"source/$place/own/bin/compile"
done
printf '[_]\nschema-version = "0.2"\n' >source/project.toml
printf '[[io.buildpacks.group]]\nuri = "%s/own"\n' one two >>source/project.toml
run bake detect ./source --root staging
