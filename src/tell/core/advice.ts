/** What a person who was woken can do first, by the kind of what is not well. */
const OF_KIND: ReadonlyMap<string, string> = new Map([
  ['backup', 'Look what its last run said. Until one ends well, what changes is not kept.'],
  ['btrfs', 'Look at `btrfs device stats` there; see first that what lies on it has another copy.'],
  ['canary', 'What should have been noticed was not: look whether agents and this server run.'],
  ['clock', 'Look at the time service there; times in logs and certificates cannot be relied on.'],
  ['gluster', 'Look at `gluster volume heal VOLUME info` before anything is restarted.'],
  ['guest', 'Look at it with `virsh` on its hypervisor before it is started again.'],
  ['http', 'Open the page; then look at the service, and at the disk that it is served from.'],
  ['identity', 'Enrol the host anew; nothing that is said for it counts until then.'],
  ['kernel', 'Read its kernel log. An error of a disk or a file system rarely stays the only one.'],
  ['lvm', 'Look at `lvs -a` and `pvs` there; see first that what lies on it has another copy.'],
  ['md', 'Replace what fell out of the array; one more disk may take all of it along.'],
  ['mount', 'See why it is gone or read-only before it is mounted again: `dmesg` there.'],
  ['ping', 'Look whether the job ran, and what it said.'],
  ['reach', 'Look at the network between the two; both may be well.'],
  ['smart', 'Have a replacement ready; see now that what lies on it has another copy.'],
  ['space', 'Free space, or give it more: what is written there fails when it is full.'],
  ['tls', 'Renew the certificate.'],
  ['zfs', 'Look at `zpool status` there; replace what failed before one more does.'],
]);

const OF_HOST = 'Look at its power, its console and its network.';
const OF_CHANNEL = 'Mend the channel; `holdfast message test` tries it.';
const OF_READER = 'Ask whether test messages arrive; the link in one confirms it.';
const OF_WATCHING = 'Set up a peer outside, or look why it is silent: docs/operating/alerts.md.';
const OF_LINE = 'Look at the network of this server before anything is done to the hosts.';
const OF_COPY =
  'See that this server reaches the place of `pages: {copy: ...}` and may write there; it tries each 15 min.';
const OF_VAULT =
  'Delete nothing there. `holdfast vault check` on its host says what is gone, a copy gives it back: docs/operating/server.md.';
const OF_SERVER = 'Look at it now: while it is silent nobody is told of anything else.';

/** Undefined where there is nothing of use to say. */
export function adviceFor(subject: string): string | undefined {
  if (subject === 'watching') return OF_WATCHING;
  if (subject === 'server:line') return OF_LINE;
  if (subject === 'server:copy') return OF_COPY;
  if (subject.startsWith('vault:')) return OF_VAULT;
  const [, kind, rest = ''] = /^(host|channel|reader|server):(.*)$/s.exec(subject) ?? [];
  if (kind === 'channel') return OF_CHANNEL;
  if (kind === 'reader') return OF_READER;
  if (kind === 'server') return OF_SERVER;
  if (kind !== 'host') return undefined;
  const item = /^[^/]*\/([^:]*)/.exec(rest)?.[1];
  return item === undefined ? OF_HOST : OF_KIND.get(item.replace(/-run$/, ''));
}
