#!/bin/sh
# Runs the payload's command; its output goes to the second serial port and its exit status to the third.
for port in ttyS1 ttyS2; do
    stty -F /dev/$port raw -echo
done
cd /opt/payload/files || exit
PATH=/opt/payload/files:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
HOME=/root
export PATH HOME
echo started > /dev/ttyS2
sh /opt/payload/command < /dev/null > /dev/ttyS1 2>&1
echo $? > /dev/ttyS2
echo o > /proc/sysrq-trigger
