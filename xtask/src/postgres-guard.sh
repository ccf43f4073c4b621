# Starts a private PostgreSQL cluster and stops it when standard input ends.
#
# The task holds the other end of the pipe. However it ends (done, failed, panicked, interrupted, killed), the pipe closes,
# and the cluster goes away with it. No signal handler can promise that much.
#
# Arguments: folder of the server's programs, empty folder to work in, port. The first line of the input is the password.
# Says `ready` on standard output when connections are accepted.
set -u
programs=$1 folder=$2 port=$3
data=$folder/data log=$folder/server.log

# Ends `read` below instead of this script; unlike an ignored signal, a handler is not inherited by the server.
trap : HUP INT TERM

stop() {
    [ ! -f "$data/postmaster.pid" ] || "$programs/pg_ctl" stop -D "$data" -m immediate -s </dev/null
    # The parent may belong to root; then the emptied folder itself is left to the task.
    rm -rf "$folder" 2>/dev/null
}

umask 077
IFS= read -r password
printf '%s\n' "$password" >"$folder/password"

# A linguistic collation, as production servers have: an ORDER BY that relies on byte order must show here, not there.
if ! "$programs/initdb" -D "$data" --username=claviger --pwfile="$folder/password" --auth=scram-sha-256 --encoding=UTF8 \
    --locale=C --locale-provider=icu --icu-locale=en-US --no-sync </dev/null >"$log" 2>&1 ||
    ! "$programs/pg_ctl" start -D "$data" -l "$log" -s -w -t 60 -o "-c listen_addresses=127.0.0.1 -c port=$port \
        -c unix_socket_directories='$folder' -c max_connections=400 -c shared_buffers=128MB \
        -c fsync=off -c full_page_writes=off -c synchronous_commit=off" </dev/null >>"$log" 2>&1; then
    cat "$log" >&2
    stop
    exit 1
fi

echo ready
IFS= read -r end
stop
