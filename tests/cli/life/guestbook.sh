#!/usr/bin/env bash
# Ten releases of the guest book, and two whose hooks fail, while visitors read it and sign it without a pause: every
# request is answered, and every signature that somebody was thanked for is in the book, once.

command -v python3 >/dev/null || skip 'python3 is not installed'

bake key new shop.key --no-password --quiet
bake init guestbook --root staging --key shop.key --quiet
release init guestbook --root production --quiet
release trust add shop.pub --root production --quiet
trap 'touch enough; release stop --root production --quiet' EXIT
cat >production/node.yaml <<'YAML'
services: {strategy: overlap}
processes: {web: {port: null, socket: "127.0.0.1:28193", count: 2}}
health: [{http: /health, every: 50ms, within: 10s}]
YAML

cp -R "$BAKEHOUSE_SOURCE_DIR/examples/guestbook" source
# next VERSION [HOOK]: that release; with HOOK one in which it fails.
next() {
  printf '%s\n' "$1" >source/VERSION
  if [[ -n ${2-} ]]; then
    printf '#!/bin/sh\necho "%s: not today"\nexit 1\n' "$2" >"source/.bake/hooks/$2"
    chmod +x "source/.bake/hooks/$2"
  fi
  make_archive "$1" --quiet
  cp "$BAKEHOUSE_SOURCE_DIR/examples/guestbook/.bake/hooks/post_deploy" source/.bake/hooks/post_deploy
  rm -f source/.bake/hooks/upgrade
}
for version in 1 2 3 4; do next "$version.0.0"; done
next 4.1.0 post_deploy
for version in 5 6 7; do next "$version.0.0"; done
next 7.1.0 upgrade
for version in 8 9 10; do next "$version.0.0"; done

# Until there is a file `enough`: each visitor signs with a name that nobody else has, and asks for the version.
cat >visit.py <<'PYTHON'
import http.client, json, os, threading

PORT = 28193
lost, thanked, seen = [], [], set()

def ask(method, path, form=None):
    client = http.client.HTTPConnection("127.0.0.1", PORT, timeout=20)
    try:
        client.request(method, path, form, {"Content-Type": "application/x-www-form-urlencoded"} if form else {})
        answer = client.getresponse()
        return answer.status, answer.read().decode()
    finally:
        client.close()

def visit(visitor):
    for turn in range(10**9):
        if os.path.exists("enough"):
            return
        name = f"visitor {visitor}, {turn}"
        try:
            status, text = ask("POST", "/sign", f"name={name.replace(' ', '+')}&message=hello")
            lost.append(f"{status} {text}") if status != 303 else thanked.append(name)
            status, text = ask("GET", "/version")
            if status != 200:
                lost.append(f"{status} {text}")
            elif text not in seen:
                seen.add(text)
                open("saw-" + text.strip(), "w").close()
        except (OSError, http.client.HTTPException) as error:
            lost.append(repr(error))

visitors = [threading.Thread(target=visit, args=[number]) for number in range(4)]
for visitor in visitors: visitor.start()
for visitor in visitors: visitor.join()
book = [entry["name"] for entry in json.loads(ask("GET", "/entries.json")[1])]
print("lost requests:", len(lost), *lost[:3])
print("signatures that are missing:", len(set(thanked) - set(book)))
print("signatures that are in the book twice:", len(book) - len(set(book)))
print("signatures of nobody:", len(set(book) - set(thanked)))
print("versions that answered:", *sorted(map(str.strip, seen), key=lambda text: int(text.split(".")[0])))
PYTHON

deploy() { run release apply "staging/releases/guestbook-$1.tar.zst" --root production --quiet; }
is_in_service() { wait_until test -e "saw-$1"; }

deploy 1.0.0
python3 visit.py >counted &
visiting=$!
for version in 1.0.0 2.0.0 3.0.0 4.0.0 4.1.0 5.0.0 6.0.0 7.0.0 7.1.0 8.0.0 9.0.0 10.0.0; do
  if [[ $version != 1.0.0 ]]; then deploy "$version"; fi
  if [[ $version == *.0.0 ]]; then is_in_service "$version"; fi
done
touch enough
wait "$visiting"
cat counted
run release status --root production
run release verify --root production
run bash -c "release history --root production | grep -c good"
