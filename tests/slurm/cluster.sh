#!/usr/bin/env bash
# A real Slurm on one machine, without systemd: munged, slurmctld, and three slurmd as nodes n1 to n3.
#   tests/slurm/cluster.sh start FOLDER     (as root; needs the packages slurm-wlm and munge)
#   tests/slurm/cluster.sh kill-node n2 FOLDER
#   tests/slurm/cluster.sh stop FOLDER
# The configuration is linked from /etc/slurm/slurm.conf: jobs do not inherit SLURM_CONF.
set -euo pipefail

action=$1
folder=$(realpath -m "${!#}")
configuration=$folder/slurm.conf

idle_nodes() {
    sinfo --noheader --partition=main --states=idle --format=%D
}

start() {
    mkdir -p "$folder"/{state,spool,log}
    if [ ! -S /run/munge/munge.socket.2 ] || ! munge -n > /dev/null 2>&1; then
        mkdir -p /run/munge /var/log/munge
        chown munge: /run/munge /var/log/munge
        chmod 755 /run/munge
        runuser -u munge -- munged
        until munge -n > /dev/null 2>&1; do sleep 0.1; done
        # `stop` ends munged only if this script started it.
        cp /run/munge/munged.pid "$folder/munged.pid"
    fi
    local host
    host=$(hostname -s)
    if [ -e /etc/slurm/slurm.conf ] && [ ! -L /etc/slurm/slurm.conf ]; then
        echo "/etc/slurm/slurm.conf exists: this machine already has a Slurm" >&2
        exit 1
    fi
    mkdir -p /etc/slurm
    ln -sfn "$configuration" /etc/slurm/slurm.conf
    cat > "$configuration" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
SlurmctldPort=16817
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
SlurmdTimeout=30
KillWait=5
# Finished jobs stay visible to squeue.
MinJobAge=3600
SchedulerParameters=defer,batch_sched_delay=0,sched_interval=1
NodeName=n[1-3] NodeHostname=$host NodeAddr=127.0.0.1 Port=[17001-17003] CPUs=2 RealMemory=8000
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
# A name that Snakemake evaluates as Python unless it is quoted.
PartitionName=all Nodes=ALL MaxTime=INFINITE State=UP
CONF
    slurmctld
    for node in n1 n2 n3; do slurmd -N "$node"; done
    # 15 minutes: long enough for the slowest machine, so only a broken start reaches it.
    for _ in $(seq 1800); do
        [ "$(idle_nodes 2> /dev/null)" = 3 ] && break
        sleep 0.5
    done
    if [ "$(idle_nodes)" != 3 ]; then
        sinfo --Node --long >&2
        exit 1
    fi
}

# Kill a node's daemon and everything that runs on it at once, like a power failure.
kill_node() {
    local job process
    kill -KILL "$(cat "$folder/slurmd-$1.pid")"
    rm "$folder/slurmd-$1.pid"
    for job in $(squeue --noheader --nodelist "$1" --states=running --format=%i); do
        pkill -KILL --full "slurmstepd: \\[$job\\." || true
    done
    for process in /proc/[0-9]*; do
        if (tr '\0' '\n' < "$process/environ") 2> /dev/null | grep -qx "SLURMD_NODENAME=$1"; then
            kill -KILL "${process#/proc/}" 2> /dev/null || true
        fi
    done
}

stop() {
    scancel --user "$(id -un)" 2> /dev/null || true
    local file process
    # munged comes last because the others use it until they end.
    for file in "$folder"/slurmd-*.pid "$folder"/slurmctld.pid "$folder"/munged.pid; do
        [ -f "$file" ] || continue
        process=$(cat "$file")
        kill "$process" 2> /dev/null || true
        # A dead process stays in the process table (state Z) until its parent waits for it.
        while grep -q '^State:.[^Z]' "/proc/$process/status" 2> /dev/null; do sleep 0.1; done
        rm -f "$file"
    done
    [ "$(readlink /etc/slurm/slurm.conf)" != "$configuration" ] || rm /etc/slurm/slurm.conf
}

case $action in
    start) start ;;
    kill-node) kill_node "$2" ;;
    stop) stop ;;
    *) echo "usage: $0 start|kill-node NODE|stop FOLDER" >&2; exit 2 ;;
esac
