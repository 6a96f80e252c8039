#!/bin/sh
# Makes coturn's configuration from the file beside this one and the environment, and starts it.
set -eu
umask 077
BASE="${TURN_CONF:-/etc/turnserver.conf}"
RUN="${TURN_RUN:-/run/turn}"
CERTS="${TURN_CERTS:-/certs}"
: "${TURN_SECRET:?the secret that the hubs share with it}"
case "$TURN_SECRET" in
    *[!A-Za-z0-9_-]*) echo "the secret is made of letters, digits, - and _" >&2; exit 1 ;;
esac
{
    cat "$BASE"
    echo "userdb=$RUN/turndb"
    echo "pidfile=$RUN/turnserver.pid"
    echo "static-auth-secret=$TURN_SECRET"
    [ -z "${TURN_EXTERNAL_ADDRESS:-}" ] || echo "external-ip=$TURN_EXTERNAL_ADDRESS"
    for range in ${TURN_PEERS:-}; do
        echo "allowed-peer-ip=$range"
    done
    if [ -e "$CERTS/fullchain.pem" ]; then
        printf '%s\n' "cert=$CERTS/fullchain.pem" "pkey=$CERTS/privkey.pem"
    else
        printf '%s\n' no-tls no-dtls
    fi
} > "$RUN/turnserver.conf"
exec turnserver -c "$RUN/turnserver.conf" "$@"
