#!/usr/bin/env bash
# A real Grid Engine in a network, process table and view of the disk of its own, under its own name.
#   unshare --net --uts --mount --pid --fork --kill-child --mount-proc bash cluster.sh FOLDER
# (as root; needs gridengine-master, gridengine-exec and gridengine-client). It makes FOLDER/ready and
# runs until its standard input ends; then the kernel ends all daemons and jobs and drops the mounts.
set -euo pipefail

folder=$(realpath "$1")
export SGE_ROOT=/var/lib/gridengine SGE_CELL=default EDITOR=cat
shared=/usr/share/gridengine
spool=/var/spool/gridengine
cell=$SGE_ROOT/$SGE_CELL

hostname gridhost
ip link set lo up
echo "127.0.0.1 gridhost localhost" > "$folder/hosts"
mount --bind "$folder/hosts" /etc/hosts

# As Debian sets it up, but it runs root's jobs, too.
sed "s/^\(min_.id\).*/\1 0/" $shared/default-configuration > "$folder/configuration"
mount --bind "$folder/configuration" $shared/default-configuration
mkdir -p "$folder"/{cell/common,spool/execd,spool/qmaster/job_scripts,spool/spooldb}
cp $shared/default-bootstrap "$folder/cell/common/bootstrap"
echo gridhost > "$folder/cell/common/act_qmaster"
chown -R sgeadmin: "$folder"/{cell,spool}
mkdir -p $cell
mount --bind "$folder/cell" $cell
mount --bind "$folder/spool" $spool
runuser -u sgeadmin -- $shared/scripts/init_cluster $SGE_ROOT $SGE_CELL $spool/spooldb sgeadmin

SGE_MASTER_PIDFILE=$spool/qmaster.pid sge_qmaster
until qconf -sh > /dev/null 2>&1; do sleep 0.1; done
qconf -as gridhost # may submit
# By the second instead of every 15.
qconf -ssconf | sed "s/^\(schedule_interval\).*/\1 0:0:1/; s/^\(flush_.*_sec\).*/\1 1/" > "$folder/scheduling"
qconf -Msconf "$folder/scheduling"
SGE_EXECD_PIDFILE=$spool/execd.pid sge_execd
until qconf -sel 2> /dev/null | grep -q gridhost; do sleep 0.1; done
# The template, as an editor gets it, names parallel environments that do not exist.
qconf -aq main.q > "$folder/template" || true
sed "s/^hostlist.*/hostlist gridhost/; s/^slots.*/slots 2/; s/^\(pe_list\|load_thresholds\).*/\1 NONE/" \
    "$folder/template" > "$folder/queue"
qconf -Aq "$folder/queue"
touch "$folder/ready"
read -r _
