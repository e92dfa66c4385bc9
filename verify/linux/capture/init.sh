#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# The guest's init: mounts what the tools read, loads the modules, then runs the lines that come in on the serial
# port that /shell-port names, one at a time, and answers each with its output and "@@ EXIT-CODE".
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod "/modules/$module"; done < /modules/list
port=/dev/$(cat /shell-port)
stty -F "$port" raw -echo
exec 3<>"$port"
echo "@@ ready" >&3
while IFS= read -r line <&3; do
  eval "$line" >&3 2>&1
  echo "
@@ $?" >&3
done
