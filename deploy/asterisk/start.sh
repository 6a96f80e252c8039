#!/bin/sh
# Puts local/ together before Asterisk starts: the examples, over them what the site has in SITE, the plan that hubs write into
# PLAN, and the AMI users with the secrets of the environment.
set -eu
umask 027
ETC="${ASTERISK_ETC:-/etc/asterisk}"
SITE="${ASTERISK_SITE:-/site}"
PLAN="${ASTERISK_PLAN:-/plan}"
: "${PBX_SECRET:?the secret of the AMI user mainstem}" "${PBX_PHONES_SECRET:?the secret of the AMI user mainstem-phones}"
case "$PBX_SECRET$PBX_PHONES_SECRET" in
    *[!A-Za-z0-9_-]*) echo "secrets for AMI are made of letters, digits, - and _" >&2; exit 1 ;;
esac
mkdir -p "$ETC/local"
rm -f "$ETC"/local/plan-*.conf
cp "$ETC"/example/*.conf "$ETC/local/"
for file in "$SITE"/*.conf; do
    [ ! -e "$file" ] || cp "$file" "$ETC/local/"
done
# What the hubs write later is found by the name; a plan that the site itself has (`mainstem pbx render`) goes before it.
for name in plan-queues.conf plan-extensions.conf; do
    [ -e "$SITE/$name" ] || ln -sf "$PLAN/$name" "$ETC/local/$name"
done
cat > "$ETC/local/manager-users.conf" <<END
[mainstem](mainstem-hub)
secret = $PBX_SECRET
[mainstem-phones](mainstem-phone-keeper)
secret = $PBX_PHONES_SECRET
END
exec "$@"
