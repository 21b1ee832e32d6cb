#!/bin/busybox sh
# The first program of a virtual machine: mounts the root, hands the payload over, and gives way to systemd.
b=/bin/busybox
$b mount -t devtmpfs dev /dev
$b mount -t proc proc /proc
$b modprobe virtio_pci
$b modprobe virtio_blk
tries=0
until [ -b /dev/vda ] || [ $tries = 100 ]; do
    $b usleep 50000
    tries=$((tries + 1))
done
$b mount -t ext4 /dev/vda /sysroot || echo "svcsensor-vm: no root to mount" > /dev/console
$b mkdir -p /sysroot/usr/lib/modules
$b cp -a /usr/lib/modules/* /sysroot/usr/lib/modules/
$b cp -a /payload /sysroot/opt/
$b umount /proc
$b umount /dev
exec $b switch_root /sysroot /sbin/init
