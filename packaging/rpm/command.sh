#!/bin/bash
# @COMMAND@, a command of POEM. Root has the environment of the service: only root can read its file.
if [ -r /etc/sysconfig/poem ]; then
    set -a
    . /etc/sysconfig/poem
    set +a
fi
exec -a @COMMAND@ /usr/bin/poem "$@"
