# Sourced by scripts/{demo,test} and .ci/run: brings a checkout to the point where `npm run …` works with the pinned Node.
# Everything it writes lies in the checkout or in a cache folder (npm's, and ${XDG_CACHE_HOME:-~/.cache}). It talks on
# stderr only.

# Leaves the caller's shell in the root of the checkout.
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
export npm_config_fund=false npm_config_audit=false npm_config_update_notifier=false
mkdir -p .sumveil

say() { printf '%s\n' "$*" >&2; }
die() { say "$@"; exit 1; }

# as_root_apt <package…>: installs Debian packages without starting any service they bring (invoke-rc.d asks policy-rc.d).
as_root_apt() {
  local policy=/usr/sbin/policy-rc.d ours=no status=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && ours=yes
  fi
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@"; } \
    >.sumveil/apt.log 2>&1 </dev/null || status=$?
  [ "$ours" = no ] || rm -f "$policy"
  [ "$status" = 0 ] || { tail -n 20 .sumveil/apt.log >&2; say "apt-get could not install: $*"; }
  return "$status"
}

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

install_dependencies() {
  if node scripts/installed.mjs; then return; fi
  say 'Installing dependencies (npm ci) …'
  # Install scripts run for the packages of "allowScripts" alone, whatever npm's version makes of that field: some others refuse
  # a Node that is older than the pinned one.
  local allowed
  allowed=$(node -p 'Object.entries(require("./package.json").allowScripts).filter(([, yes]) => yes).map(([name]) => name).join(" ")')
  # shellcheck disable=SC2086 # a list of package names
  { npm ci --ignore-scripts --no-progress --loglevel=error && npm rebuild --loglevel=error $allowed; } >&2 </dev/null ||
    die 'npm ci failed, so there is nothing to run. The reason stands above; npm keeps a full log in its _logs folder.'
  node scripts/installed.mjs --why || die 'npm ci ran, yet node_modules does not match package-lock.json.' \
    'Delete node_modules and start again; if that does not help, the lock file and package.json disagree.'
}

# Two commands started side by side in one checkout must not install or generate at the same time.
bootstrap() {
  local lock
  need_node
  exec {lock}>.sumveil/bootstrap.lock
  if command -v flock >/dev/null; then flock "$lock"; fi
  install_dependencies
  npm run --silent generate >&2 </dev/null || die 'The database client could not be generated: npm run generate.'
  exec {lock}>&-
}
