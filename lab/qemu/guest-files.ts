/**
 * What runs inside a real VM: a Linux that does what a cloud image does, as shell scripts. It takes each NIC as it comes, asks for
 * addresses by DHCP and router advertisements alone, asks for metadata, answers what the lab's probes ask, and tells the serial
 * console in lines that begin with `margay:`. A second serial line runs commands for the lab.
 */
import { FIRST_METRIC } from "../dhcp-client.ts";
import { FIRST_TABLE } from "../guest.ts";
import { tcpListeners, udpListener } from "../serve.ts";
import type { Entry } from "./cpio.ts";

/** Those that it loads, in this order, with what they need. */
export const MODULES = ["virtio_pci", "virtio_net"] as const;

/** Routers are asked for at once; nobody else has our addresses; which NIC a packet may come in on is for the host to decide. */
const SETTINGS = [
  "net/ipv6/conf/default/accept_dad=0",
  "net/ipv6/conf/default/router_solicitation_delay=0",
  "net/ipv6/conf/default/router_solicitation_interval=1",
  "net/ipv4/conf/all/rp_filter=0",
  "net/ipv4/conf/default/rp_filter=0",
];

/** Busybox's shell takes its own `ip` for any other, though it can do less: this is iproute2's. */
const IP = `ip() { /bin/ip "$@"; }
`;

/** Whoever listens for NICs, addresses or commands is there before the driver that makes the first NIC. */
const INIT = `#!/bin/busybox sh
/bin/busybox --install -s /bin 2>/dev/null
export PATH=/bin ENV=/etc/shell
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
exec >/dev/console 2>&1
for one in ${SETTINGS.join(" ")}; do echo "\${one#*=}" >"/proc/sys/\${one%%=*}"; done
ip link set lo up
uevent /bin/on-uevent &
until [ -e /run/listening ]; do echo change >/sys/class/net/lo/uevent; sleep 0.1; done
ip -o monitor address | while read -r _; do tell-addresses; done &
${tcpListeners()
  .map((command) => `${command} &`)
  .join("\n")}
serve-commands &
for module in /lib/modules/*.ko; do insmod $module; done
echo "margay: up after $(cut -d' ' -f1 /proc/uptime) s"
while true; do setsid sh -c 'exec sh </dev/ttyS0 >/dev/ttyS0 2>&1'; done
`;

const ON_UEVENT = `#!/bin/sh
touch /run/listening
[ "$SUBSYSTEM" = net ] || exit 0
case "$ACTION $INTERFACE" in
"add eth"*) setsid boot-nic "$INTERFACE" & ;;
"remove eth"*)
  table=$((${FIRST_TABLE} + \${INTERFACE#eth}))
  for family in -4 -6; do while ip $family rule del lookup $table 2>/dev/null; do :; done; done
  kill $(cat "/run/dhcp4.$INTERFACE" "/run/dhcp6.$INTERFACE" 2>/dev/null) 2>/dev/null
  rm -f "/run/told.$INTERFACE"
  echo "margay: gone $INTERFACE" >/dev/console ;;
esac
`;

/** With SLAAC, or where there is no IPv6, nobody answers dhclient, and it goes on asking, as clients do. */
const BOOT_NIC = `#!/bin/sh
dev=$1
echo $((${FIRST_METRIC} + \${dev#eth})) >"/proc/sys/net/ipv6/conf/$dev/ra_defrtr_metric"
ip link set "$dev" up
udhcpc -f -t 15 -T 1 -A 1 -O staticroutes -s /bin/leased4 -p "/run/dhcp4.$dev" -i "$dev" >/dev/null 2>&1 &
until ip -6 -o addr show dev "$dev" scope link | grep -q fe80; do sleep 0.1; [ -e "/sys/class/net/$dev" ] || exit 0; done
dhclient -6 -d -q -D LL -sf /bin/leased6 -lf "/run/leases6.$dev" -pf "/run/dhcp6.$dev" "$dev" >/dev/null 2>&1 &
tell-addresses
`;

/** RFC 3442: classless routes, where there are some, stand in for the router option; what is by way of 0.0.0.0 is on the link. */
const LEASED4 = `#!/bin/sh
[ "$1" = bound ] || [ "$1" = renew ] || exit 0
metric=$((${FIRST_METRIC} + \${interface#eth}))
table=$((${FIRST_TABLE} + \${interface#eth}))
ip addr replace "$ip/$mask" dev "$interface" metric $metric
[ "$dns" = "" ] || for one in $dns; do echo "nameserver $one"; done >/etc/resolv.conf
[ "$hostname" = "" ] || hostname "$hostname"
set -- \${staticroutes:-0.0.0.0/0 \${router%% *}}
while [ $# -ge 2 ]; do
  [ "$2" = 0.0.0.0 ] && way= || way="via $2 onlink"
  ip route replace "$1" $way dev "$interface" metric $metric
  ip route replace "$1" $way dev "$interface" table $table
  shift 2
done
ip rule del from "$ip" 2>/dev/null
ip rule add from "$ip" lookup $table priority $table
tell-addresses
[ "$interface" = eth0 ] && ! [ -e /run/metadata ] && setsid ask-metadata &
`;

/** RFC 8415, 18.2.10.1: an address from DHCPv6 says nothing about what is on-link. */
const LEASED6 = `#!/bin/sh
case "$reason" in
BOUND6 | RENEW6 | REBIND6) ip -6 addr replace "$new_ip6_address/128" dev "$interface" && tell-addresses ;;
esac
`;

/** A line for each NIC whenever it says something else than before; answers by the NIC that was asked, in IPv6 too. */
const TELL_ADDRESSES = `#!/bin/sh
for path in /sys/class/net/eth*; do
  dev=\${path##*/}
  [ -e "$path" ] || continue
  own=$(ip -o addr show dev "$dev" scope global | awk '{ sub("/.*", "", $4); print $4 }' | sort)
  for ip in $own; do
    [ -e "/run/served.$ip" ] && continue
    touch "/run/served.$ip"
    case $ip in
    *:*) ${udpListener(6, "$ip")} & ;;
    *) ${udpListener(4, "$ip")} & ;;
    esac
  done
  table=$((${FIRST_TABLE} + \${dev#eth}))
  router=$(ip -6 route show default dev "$dev" | awk '{ for (i = 1; i < NF; i++) if ($i == "via") { print $(i + 1); exit } }')
  if [ "$router" != "" ]; then
    ip -6 route replace default via "$router" dev "$dev" table $table
    for ip in $own; do
      case $ip in *:*) ip -6 rule show | grep -q "from $ip " || ip -6 rule add from "$ip" lookup $table priority $table ;; esac
    done
  fi
  line="margay: nic $(cat "$path/address") $dev $(echo $own) router6=\${router:-none} mtu=$(cat "$path/mtu")"
  [ "$line" = "$(cat "/run/told.$dev" 2>/dev/null)" ] && continue
  echo "$line" >"/run/told.$dev"
  echo "$line" >/dev/console
done
`;

/** Busybox's wget looks for names also where there are none, with libraries that are not its own, and breaks. */
const ASK_METADATA = `#!/bin/sh
touch /run/metadata
said=
for _ in 1 2 3 4 5; do
  printf 'GET /openstack/latest/meta_data.json HTTP/1.0\\r\\nHost: 169.254.169.254\\r\\n\\r\\n' >/run/question
  said=$(socat -t 5 STDIO TCP:169.254.169.254:80,connect-timeout=3 </run/question 2>&1)
  case $said in *" 200 "*) break ;; esac
  sleep 1
done
echo "margay: metadata $(echo "$said" | sed '1,/^.\\{0,1\\}$/d' | tr '\\r\\n' '  ' | head -c 400)" >/dev/console
`;

/** A line is a name for it and a command, in base64; the answer is the name, its output, in base64, and its status. */
const SERVE_COMMANDS = `#!/bin/sh
stty -F /dev/ttyS1 raw -echo
exec </dev/ttyS1 >/dev/ttyS1
while read -r id line; do
  sh -c "ip() { /bin/ip \\"\\$@\\"; }; $(echo "$line" | base64 -d)" </dev/null >/run/said 2>&1
  status=$?
  echo "$id $(base64 /run/said | tr -d '\\n') $status"
done
`;

/** The scripts, executable, and the directories that they and the kernel want. */
export function guestScripts(): readonly Entry[] {
  const directories = ["bin", "dev", "etc", "lib", "lib/modules", "proc", "run", "sys", "tmp"];
  const scripts = {
    "on-uevent": ON_UEVENT,
    "boot-nic": BOOT_NIC,
    leased4: LEASED4,
    leased6: LEASED6,
    "tell-addresses": TELL_ADDRESSES,
    "ask-metadata": ASK_METADATA,
    "serve-commands": SERVE_COMMANDS,
  };
  return [
    ...directories.map((path) => ({ path })),
    ...Object.entries(scripts).map(([name, content]) => ({ path: `bin/${name}`, content: withIp(content) })),
    { path: "etc/shell", content: IP },
    { path: "init", content: withIp(INIT) },
  ];
}

function withIp(script: string): string {
  const first = script.indexOf("\n") + 1;
  return `${script.slice(0, first)}${IP}${script.slice(first)}`;
}
