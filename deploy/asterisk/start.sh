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
# Behind an address translation: what carriers and browsers are told instead of the container's own address.
if [ -n "${PBX_EXTERNAL_ADDRESS:-}" ]; then
    case "$PBX_EXTERNAL_ADDRESS" in
        *[!A-Za-z0-9.:-]*) echo "PBX_EXTERNAL_ADDRESS is an address or a host name" >&2; exit 1 ;;
    esac
    case "${PBX_LOCAL_NET:-}" in
        *[!0-9A-Fa-f.:/\ ]*) echo "PBX_LOCAL_NET is networks such as 172.16.0.0/12, with blanks between" >&2; exit 1 ;;
    esac
    {
        echo "external_media_address = $PBX_EXTERNAL_ADDRESS"
        echo "external_signaling_address = $PBX_EXTERNAL_ADDRESS"
        for net in ${PBX_LOCAL_NET:-}; do
            echo "local_net = $net"
        done
    } > "$ETC/local/nat.conf"
    case "$PBX_EXTERNAL_ADDRESS" in
        *[!0-9.]*) ;; # candidates are addresses, never names
        *)
            {
                echo "[ice_host_candidates]"
                for own in $(hostname -I); do
                    case "$own" in
                        *:*) ;;
                        *) echo "$own => $PBX_EXTERNAL_ADDRESS,include_local_address" ;;
                    esac
                done
            } > "$ETC/local/ice.conf"
            ;;
    esac
fi
cat > "$ETC/local/manager-users.conf" <<END
[mainstem](mainstem-hub)
secret = $PBX_SECRET
[mainstem-phones](mainstem-phone-keeper)
secret = $PBX_PHONES_SECRET
END
exec "$@"
