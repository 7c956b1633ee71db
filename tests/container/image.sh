#!/usr/bin/env bash
# Builds container/Dockerfile by buildah, without a daemon, and runs a command in the image (as root).
#   image.sh build | run CLONE UID COMMAND…
# CONTAINER_STORE names the folder that keeps images; a second build takes the first one's layers.
set -euo pipefail
STORE=${CONTAINER_STORE:?a folder for images: 15 GB while it builds}
HERE=$(cd "$(dirname "$0")/../.." && pwd)
BASE=$(awk '$1 == "FROM" { print $2 }' "$HERE/container/Dockerfile")
tool() { buildah --root "$STORE/root" --runroot "$STORE/run" --storage-driver vfs "$@"; }

# What this machine has learnt of its network: certificates, where pip and apt find packages.
mounts=()
for path in /etc/pip.conf /etc/ssl/certs/ca-certificates.crt /etc/apt/apt.conf.d/*proxy* "$HOME/.config/pip/pip.conf"; do
    [ -e "$path" ] && mounts+=(--volume "$path:${path/#$HOME\/.config\/pip/\/etc}:ro")
done

case $1 in
build)
    mkdir -p "$STORE"
    if ! tool inspect --type image "$BASE" > /dev/null 2>&1 && ! tool pull --quiet "docker.io/library/$BASE" 2> /dev/null; then
        # No registry of images is reached: Debian's own packages make a base of the same Python.
        [ -d "$STORE/base" ] || debootstrap --variant=minbase \
            --include=ca-certificates,python3,python3-pip,python3-venv bookworm "$STORE/base" > "$STORE/debootstrap.log"
        rm -f "$STORE"/base/usr/lib/python3*/EXTERNALLY-MANAGED
        ln -sf python3 "$STORE/base/usr/bin/python"
        scratch=$(tool from scratch)
        tool add --quiet "$scratch" "$STORE/base" / > /dev/null
        tool config --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$scratch"
        tool commit --quiet --rm "$scratch" "$BASE" > /dev/null
    fi
    tool bud --isolation chroot --pull-never --layers "${mounts[@]}" \
        --file "$HERE/container/Dockerfile" --tag snip-figures "$HERE" > "$STORE/build.log" 2>&1
    ;;
run)
    clone=$2 user=$3
    shift 3
    kernels=()
    container=$(tool from --pull-never snip-figures)
    # Other kernels of numpy's library would give other last digits.
    for name in $(compgen -e OPENBLAS_); do kernels+=(--env "$name=${!name}"); done
    status=0
    tool run --isolation chroot "${kernels[@]}" --user "$user:$user" --workingdir /work --volume "$clone:/work" "$container" -- "$@" || status=$?
    tool rm "$container" > /dev/null
    exit "$status"
    ;;
esac
