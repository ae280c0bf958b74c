# Sourced by scripts/{demo,test} and .ci/run: brings a checkout to the point where `npm run …` works with the pinned Node.
# Everything it writes lies in the checkout or in a cache folder (npm's, and ${XDG_CACHE_HOME:-~/.cache}). It talks on
# stderr only.

# Leaves the caller's shell in the root of the checkout.
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# What Node compiles is kept here rather than in the system's temporary folder, where some tools would put it.
export NODE_COMPILE_CACHE="$PWD/.sumveil/compile-cache"
export npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false
NPM_VERSION=11.19.1
mkdir -p .sumveil

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# as_root_apt <package…>: installs Debian packages without starting any service they bring (invoke-rc.d asks policy-rc.d).
as_root_apt() (
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
  fi
  if ! { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } \
    >.sumveil/apt.log 2>&1 </dev/null; then
    tail -n 20 .sumveil/apt.log >&2
    say "apt-get could not install: $*"
    exit 1
  fi
)

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

need_node() {
  if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    can_apt || die 'Sumveil needs Node.js and npm to install its own pinned Node, and found none on PATH.' \
      'Install any Node.js from 18 on (Debian, as root: apt-get install nodejs npm) and start this command again.'
    say 'Installing nodejs and npm with apt-get …'
    as_root_apt nodejs npm || exit 1
  fi
  node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)' ||
    die "Node.js $(node --version) on PATH is too old to run npm for Sumveil." \
      'Install Node.js 18 or newer; the pinned Node 24 comes from npm after that.'
}

# npm leaves out, without a word, optional packages that the running Node is too old for, native parts of the tools among them;
# and Debian's npm 9 does not run on any Node but Debian's. Then the pinned Node and a newer npm are fetched first, by the old ones.
need_toolchain() {
  if node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' &&
    [ "$(npm --version | cut -d. -f1)" -ge 10 ]; then return; fi
  local version cache toolchain unfinished
  version=$(node -p 'require("./package.json").devDependencies.node')
  cache="${XDG_CACHE_HOME:-$(node -p 'os.homedir()')/.cache}/sumveil"
  toolchain="$cache/toolchain-$version"
  if [ ! -d "$toolchain" ]; then
    say "Fetching Node.js $version and npm $NPM_VERSION, because $(node --version) with npm $(npm --version) cannot install everything …"
    mkdir -p "$cache"
    unfinished=$(mktemp -d "$cache/fetch-XXXXXX")
    if ! npm install --prefix "$unfinished" --no-save --no-package-lock --loglevel=error \
      "node@$version" "npm@$NPM_VERSION" >&2 </dev/null; then
      rm -rf "$unfinished"
      die 'The pinned Node.js could not be fetched; the reason stands above.'
    fi
    mv -T "$unfinished" "$toolchain" 2>/dev/null || rm -rf "$unfinished" # another run was faster
  fi
  export PATH="$toolchain/node_modules/.bin:$PATH"
  hash -r
}

# interruptible <command…>: a shell hears Ctrl-C at once in `wait` alone, not while a command runs before its eyes. npm is given the
# time to take back what it has unpacked: a folder that is half full would look installed.
interruptible() {
  local child status=0
  "$@" >&2 </dev/null &
  child=$!
  trap 'say "Interrupted; npm takes back what it has unpacked, which may take a minute."; wait "$child" || true; exit 130' INT
  wait "$child" || status=$?
  trap - INT
  return "$status"
}

install_dependencies() {
  if node scripts/installed.mjs; then return; fi
  say 'Installing dependencies (npm ci) …'
  # Install scripts run for the packages of "allowScripts" alone, whatever npm's version makes of that field: some others refuse
  # a Node that is older than the pinned one.
  # The machine's own certificates count too: a company's proxy may stand before the registry.
  local allowed
  export NODE_USE_SYSTEM_CA=1
  allowed=$(node -p 'Object.entries(require("./package.json").allowScripts).filter(([, yes]) => yes).map(([name]) => name).join(" ")')
  # shellcheck disable=SC2086 # a list of package names
  interruptible eval 'npm ci --ignore-scripts --no-progress --loglevel=error && npm rebuild --loglevel=error $allowed' ||
    die 'npm ci failed, so there is nothing to run. The reason stands above; npm keeps a full log in its _logs folder.'
  unset NODE_USE_SYSTEM_CA
  node scripts/installed.mjs --why || die 'npm ci ran, yet node_modules does not match package-lock.json.' \
    'Delete node_modules and start again; if that does not help, the lock file and package.json disagree.'
}

# Two commands started side by side in one checkout must not install or generate at the same time.
bootstrap() {
  local lock
  need_node
  exec {lock}>.sumveil/bootstrap.lock
  if command -v flock >/dev/null && ! flock -n "$lock"; then
    say 'Another command is installing in this checkout; waiting for it …'
    flock "$lock"
  fi
  need_toolchain
  install_dependencies
  npm run --silent generate >&2 </dev/null || die 'The database client could not be generated: npm run generate.'
  exec {lock}>&-
}
