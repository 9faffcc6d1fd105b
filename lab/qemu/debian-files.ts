/**
 * What runs inside a VM that borrows this machine's files: it sees all of them, below a layer in memory that takes what is written, and
 * `/run` empty, and does one command. The kernel loads modules as they are asked for, as it does on a host.
 */
import { dirname } from "node:path";
import type { Entry } from "./cpio.ts";
import { busybox, moduleFiles } from "./initramfs.ts";
import type { Kernel } from "./kernel.ts";

/** The name of the file system that is borrowed. */
export const TAG = "machine";

/** Before its root is there. `$job`: what it does then, a path on this machine. */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t devtmpfs dev /dev
exec >/dev/console 2>&1
for module in /lib/modules/*.ko; do insmod $module; done
mount -t virtiofs -o ro ${TAG} /machine
mount -t tmpfs layer /layer
mkdir /layer/written /layer/work
mount -t overlay -o lowerdir=/machine,upperdir=/layer/written,workdir=/layer/work root /root
mount -t tmpfs run /root/run
cp /bin/busybox /root/run/busybox
ln -s busybox /root/run/modprobe
echo /run/modprobe >/proc/sys/kernel/modprobe
mount -t sysfs sys /root/sys
for each in proc dev; do mount --move /$each /root/$each; done
exec switch_root /root /bin/sh "$job"
`;

export function debianFiles(kernel: Kernel): readonly Entry[] {
  const directories = ["bin", "dev", "layer", "lib", "lib/modules", "machine", "proc", "root"];
  const modules = moduleFiles(kernel, ["virtio_pci", "virtiofs", "overlay"]);
  return [...directories.map((path) => ({ path })), busybox(), ...modules, { path: "init", content: INIT }];
}

/** The script that does a command in this directory and ends the VM; the console is told its status, the second serial line all else. */
export function jobOf(argv: readonly string[], { version, modules }: Kernel, directory: string): string {
  const line = "/dev/ttyS1";
  return `export PATH=${quoted(dirname(process.execPath))}:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
mkdir -p /lib/modules/${version}
/run/busybox mount -o bind ${quoted(modules)} /lib/modules/${version}
ip link set lo up
cd ${quoted(directory)}
stty -F ${line} raw
${argv.map(quoted).join(" ")} </dev/null >${line} 2>&1
status=$?
# Settings are changed once all has been sent.
stty -F ${line} raw
echo "margay: ended $status"
/run/busybox poweroff -f
`;
}

/** As the shell reads it back (POSIX, Shell Command Language, 2.2.2). */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
