#!/usr/bin/env bash
# The programs that the interop tests drive, from Debian. Bounded in time, and never a failure: where they cannot be
# installed (no root, no Debian, no network) the tests skip and say so.
set -uo pipefail
cache="$(dirname "${BASH_SOURCE[0]}")/../../.cache/postfix"

wanted=()
want() { command -v "$1" >/dev/null || wanted+=("$2"); }
want swaks swaks
want msmtp msmtp
want curl curl
want openssl openssl
want python3 python3
want s-nail s-nail
want php php-cli
want ruby ruby
[ -e /usr/share/php/libphp-phpmailer/autoload.php ] || wanted+=(libphp-phpmailer)
# AUTH PLAIN for Postfix as a client.
[ -e /usr/lib/x86_64-linux-gnu/sasl2/libplain.so ] || [ -e /usr/lib/aarch64-linux-gnu/sasl2/libplain.so ] ||
  wanted+=(libsasl2-modules)

# Postfix is unpacked, not installed: an installed one would listen, and ask who it is.
unpack_postfix() {
  mkdir -p "$cache" && cd "$cache" || return
  local libraries
  libraries=$(apt-cache depends --important postfix | awk '$1 == "Depends:" && $2 ~ /^lib/ { print $2 }')
  # shellcheck disable=SC2086
  timeout 120 apt-get install -y -qq --no-install-recommends --no-upgrade $libraries >/dev/null
  timeout 60 apt-get download -qq postfix && dpkg -x postfix_*.deb "root.$$" && mv "root.$$" root
}

command -v apt-get >/dev/null || { echo 'interop: no apt-get here'; exit 0; }
needs_postfix=false
[ -d "$cache/root" ] || needs_postfix=true
[ ${#wanted[@]} -eq 0 ] && ! $needs_postfix && exit 0
[ "$(id -u)" -eq 0 ] || { echo "interop: not root, cannot install: ${wanted[*]} postfix"; exit 0; }

export DEBIAN_FRONTEND=noninteractive
timeout 60 apt-get update -qq || echo 'interop: apt-get update failed'
if [ ${#wanted[@]} -gt 0 ]; then
  timeout 180 apt-get install -y -qq --no-install-recommends --no-upgrade "${wanted[@]}" >/dev/null ||
    echo "interop: could not install all of: ${wanted[*]}"
fi
if $needs_postfix; then (unpack_postfix) || echo 'interop: could not unpack postfix'; fi
exit 0
