# What differs from run to run, and the word that stands for it (sed -E; read by run_story.sh).
# The order matters: what contains another comes first.

# 20260131T120000Z-019c1234-5678-7abc-8def-0123456789ab
s/\b[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/<deployment>/g
s/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/<uuid>/g

# SHA-256; then minisign: a public key, and the 16 digits that name it
s/\b[0-9a-f]{64}\b/<digest>/g
s/RW[A-Za-z0-9+\/]{54}/<public-key>/g
s/\b[0-9A-F]{16}\b/<key>/g
s/\bage1[0-9a-z]{58}\b/<recipient>/g

# A log of a bake; a second one of the same second has a number
s/\b[0-9]{8}T[0-9]{6}Z(\.[0-9]+)?\.log\b/<datetime>.log/g

# Why a backup is kept
s/\b(daily|weekly|monthly|yearly) [0-9]{4}-[0-9]{2}-[0-9]{2}\b/\1 <date>/g

# 20260131T120000Z, 2026-01-31T12:00:00.123Z, 2026-01-31 12:00:00 UTC
s/\b[0-9]{8}T[0-9]{6}Z\b/<datetime>/g
s/\b[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z| UTC|[+-][0-9]{2}:?[0-9]{2})?/<datetime>/g

# 0.3 s, 120ms, 2min; in JSON a member whose name says that it is a time
s/\b[0-9]+(\.[0-9]+)? ?(ns|us|µs|ms|s|min)\b/<time>/g
s/("[a-z_]*(_ms|_ns|seconds|duration|elapsed)": ?)[0-9.]+/\1<time>/g
# A column of times is aligned to the right: its width goes with its value.
s/ +<time>/ <time>/g

s/\bpid [0-9]+\b/pid <pid>/g
s/\bprocess [0-9]+\b/process <pid>/g
s/"pid": ?[0-9]+/"pid":<pid>/g

# The kind of machine that baked
s/\blinux (x86_64|aarch64|riscv64|armv7l|i686)\b/linux <arch>/g

# Members of JSON that are moments, that follow from them, or that name this machine's user
s/"(began|ended|sequence)": ?[0-9]+/"\1":<number>/g
s/"durations": ?\{[^}]*\}/"durations":{<times>}/g
s/"who": ?"[^"]*"/"who":"<who>"/g
s/"host": ?"[^"]*"/"host":"<host>"/g
s/\b(is locked by|running:|asked to undo:|waiting for) [^:]+:/\1 <who>:/g
s/\bfrozen by .+ since/frozen by <who> since/g

# What an apply would start from, and what lies on a disk
s/\bplan ([0-9a-f]{16})\b/plan <plan>/g
s/"plan":"[0-9a-f]{16}"/"plan":"<plan>"/g
s/\b(content|data|all), [0-9]+ bytes/\1, <number> bytes/g
s/\bfreed [0-9]+ bytes/freed <number> bytes/g
s/\{"bytes":[0-9]+,"content"/{"bytes":<number>,"content"/g

# The first line of a deployment's log
s/^(apply|rollback) of (\S+) by .*/\1 of \2 by <who>/

# What a file system has free
s/room: at most [0-9]+ bytes and ([0-9]+) inodes of [0-9]+ and .* that are free at/room: at most <number> bytes and \1 inodes of <number> and <number> that are free at/
s/"free_(bytes|inodes)": ?([0-9]+|null)/"free_\1":<number>/g

# Where a test listens
s/\b127\.0\.0\.1:[0-9]{4,5}\b/127.0.0.1:<port>/g

# Keys of age, and what they seal
s/\bage1[a-z0-9]{58}\b/<recipient>/g
s/\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b/<identity>/g
