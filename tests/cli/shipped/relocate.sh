#!/usr/bin/env bash
# A release that holds no path of its build runs under any root; one that holds one runs where `root:` said, and nowhere else.

command -v php >/dev/null || skip "no php (the package php-cli)"
command -v composer >/dev/null || skip "no composer (the package composer)"
python3 -c 'import ensurepip' 2>/dev/null || skip "python3 has no ensurepip (the package python3-venv)"

make_staging
make_production
release init shop --root elsewhere --quiet
release trust add shop.pub --root elsewhere --quiet
cp production/node.yaml elsewhere/
# Answers are asked for by the health check; other than that nothing runs.
write_project() { # BUILDPACK PORT
  printf 'name: shop\nversion: 1\nbuildpacks: [%s]\nprocesses: {web: {port: %s}}\n' "$1" "$2"
  printf 'health: [{http: /, status: 200, within: 30s}]\n'
}

echo "A site of files:"
mkdir -p site/public
echo '<h1>Shop</h1>' >site/public/index.html
write_project static 28391 >site/bake.yaml
bake ./site --root staging --as 1-static --sequence 1 --no-apply --quiet
run release apply staging/releases/shop-1-static.tar.zst --root production --quiet
run release apply staging/releases/shop-1-static.tar.zst --root elsewhere --quiet

echo "PHP with a package:"
cp -R "$BAKEHOUSE_SOURCE_DIR/examples/php" cakes
write_project php 28392 >cakes/bake.yaml
bake ./cakes --root staging --as 2-php --sequence 2 --no-apply --quiet
run release apply staging/releases/shop-2-php.tar.zst --root production --quiet
run release apply staging/releases/shop-2-php.tar.zst --root elsewhere --quiet

echo "A virtual environment holds the path it was made at: this one that of staging."
cp -R "$BAKEHOUSE_SOURCE_DIR/examples/python" hours
write_project python 28393 >hours/bake.yaml
bake ./hours --root staging --as 3-python --sequence 3 --no-apply --quiet
# How many bytes it holds depends on how long the path is.
release show staging/releases/shop-3-python.tar.zst --root production | sed 's/, [0-9]* bytes/, <size>/'
run release apply staging/releases/shop-3-python.tar.zst --root production --quiet

echo "With the root of production it is made for that one, and for no other."
echo "root: $HOME/production" >>hours/bake.yaml
bake ./hours --root staging --as 4-python --sequence 4 --no-apply --quiet
run release apply staging/releases/shop-4-python.tar.zst --root production --quiet
run release apply staging/releases/shop-4-python.tar.zst --root elsewhere --quiet
