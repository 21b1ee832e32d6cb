set -e
root=$1
# Without an identity the first boot would enable every unit by preset.
echo 0123456789abcdef0123456789abcdef > "$root/etc/machine-id"
echo svcsensor-vm > "$root/etc/hostname"
chroot "$root" useradd --create-home --uid 1000 --shell /bin/bash tester
# Nothing that acts by itself.
for unit in apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer systemd-tmpfiles-clean.timer systemd-timesyncd.service getty@tty1.service \
    proc-sys-fs-binfmt_misc.automount systemd-binfmt.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
cat > "$root/etc/systemd/system/vm-payload.service" <<'UNIT'
[Unit]
Description=Command of the virtual machine
After=multi-user.target

[Service]
Type=exec
ExecStart=/opt/payload/start
TimeoutStartSec=infinity
KillMode=process

[Install]
WantedBy=graphical.target
UNIT
mkdir -p "$root/etc/systemd/system/graphical.target.wants" "$root/opt"
ln -s /etc/systemd/system/vm-payload.service "$root/etc/systemd/system/graphical.target.wants/vm-payload.service"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/*
