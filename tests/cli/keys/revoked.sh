#!/usr/bin/env bash
# A key that was lost is revoked: nothing it signed comes into service any more, unless others signed it too.

make_staging
make_project source 1.0.0
for name in alice bob; do bake key new "$name.key" --no-password --quiet; done
for version in 1 2 3; do make_archive "$version"; done
bake sign staging/releases/shop-2.tar.zst --key alice.key --quiet
bake sign staging/releases/shop-3.tar.zst --key alice.key --quiet
make_production
release trust add alice.pub --root production --quiet
release trust add bob.pub --root production --quiet
deployments=()
for version in 1 2 3; do
  release apply "staging/releases/shop-$version.tar.zst" --root production --quiet
  deployments[version]=$(readlink production/deploy/current)
done

# Each deployment keeps the signatures that counted.
run ls "production/deploy/${deployments[2]}/.bakehouse"

# The key of staging is lost.
key=$(sed -n '1s/.* //p' shop.pub)
echo "revoked: [$key]" >production/.bakehouse/trust/policy.yaml
run release trust list --root production
run release apply staging/releases/shop-1.tar.zst --allow-downgrade --root production
run release rollback "${deployments[1]}" --root production
# Alice's signature alone is enough for these.
run release verify staging/releases/shop-2.tar.zst --root production
run release rollback "${deployments[2]}" --root production --quiet

# It would not be where two are needed.
printf 'threshold: 2\n' >>production/.bakehouse/trust/policy.yaml
run release rollback "${deployments[3]}" --root production
bake sign staging/releases/shop-3.tar.zst --key bob.key --quiet
run release apply staging/releases/shop-3.tar.zst --root production --quiet

# Keys can be named by project, and releases below a number refused.
printf 'projects: {shop: {keys: [%s], threshold: 1, lowest-sequence: 3}}\n' "$(sed -n '1s/.* //p' bob.pub)" \
  >>production/.bakehouse/trust/policy.yaml
run release verify staging/releases/shop-3.tar.zst --root production
run release verify staging/releases/shop-2.tar.zst --root production
bake sign staging/releases/shop-2.tar.zst --key bob.key --quiet
run release apply staging/releases/shop-2.tar.zst --allow-downgrade --root production
