#!/bin/bash
# properties = {properties}
# Grid Engine warns a job by SIGUSR1 or SIGUSR2, others by SIGTERM, and kill it later. All its processes
# get SIGTERM then: a run writes its checkpoint, and Snakemake begins no other and waits for it.
(
    trap '' USR1 USR2 TERM
    # The profile's status command looks for this file.
    trap '[ $? != 0 ] || touch ".snakemake/log/${{JOB_ID:-$PBS_JOBID}}.done"' EXIT
    {exec_job}
) &
trap 'trap "" TERM; kill -TERM 0' USR1 USR2 TERM
# A signal interrupts the waiting.
until wait $!; do kill -0 $! 2> /dev/null || exit 1; done
