/** What may stand where in holdfast.yaml, in words for whoever wrote something else. */
import { CAPTURE_WORDS, CONFIG_KEYS, DATA_SET_KEYS, SERVICE_KEYS } from '../../wire/config.ts';
import {
  CHOSEN_RULES,
  GUARD_APPROVALS_KEYS,
  GUARD_CLASSES_KEYS,
  GUARD_KEYS,
  GUARD_LIMITS_KEYS,
  GUARD_PIPELINE_KEYS,
  GUARD_ROLLOUT_KEYS,
  GUARD_RULE_KEYS,
  GUARD_TREE_KEYS,
} from '../../wire/guard-config.ts';
import { DRILLS_KEYS, SCHEDULE_KEYS, SERVER_KEYS } from '../../wire/server-config.ts';
import { TELL_KINDS, tellKnownAt } from './tell-kinds.ts';
import { STOPPER_KEYS, STOPPER_KINDS } from '../../wire/agent/stopper-config.ts';
import { PEER_KEYS } from '../../wire/peer-config.ts';
import { COPY_KEYS } from '../../wire/copies-config.ts';
import { HOST_KEYS, POINT_KEYS, TOOLS } from '../../wire/estate-config.ts';

const KEYS_BELOW: ReadonlyMap<string, readonly string[]> = new Map([
  ['copies', COPY_KEYS],
  ['datasets', DATA_SET_KEYS],
  ['services', SERVICE_KEYS],
  ['hosts', HOST_KEYS],
  ['points', POINT_KEYS],
  ['peer', PEER_KEYS],
  ['stoppers', STOPPER_KEYS],
  ['freeze', ['at-end']],
  ['pages', ['copy', 'keep']],
  ['prices', ['currency', 'gib-month']],
  ['exercise', ['watch']],
]);

const GUARD_BELOW = new Map<string, readonly string[]>([
  ['modes', CHOSEN_RULES],
  ['limits', GUARD_LIMITS_KEYS],
  ['approvals', GUARD_APPROVALS_KEYS],
  ['classes', GUARD_CLASSES_KEYS],
  ['rules', GUARD_RULE_KEYS],
  ['pipelines', GUARD_PIPELINE_KEYS],
  ['trees', GUARD_TREE_KEYS],
  ['rollout', GUARD_ROLLOUT_KEYS],
]);

/** The keys that there are below `path`. */
export function knownAt(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return CONFIG_KEYS;
  if (path[0] === 'guard') {
    const part = path.findLast((each) => GUARD_BELOW.has(String(each)));
    return GUARD_BELOW.get(String(part)) ?? GUARD_KEYS;
  }
  if (path[0] === 'tell') return tellKnownAt(path);
  if (path[0] === 'server') return serverKnownAt(path);
  if (path.at(-1) === 'view') return ['open', 'close'];
  return KEYS_BELOW.get(String(path[0])) ?? [];
}

function serverKnownAt(path: readonly PropertyKey[]): readonly string[] {
  if (path[1] === 'schedules') return SCHEDULE_KEYS;
  if (path[1] !== 'drills') return SERVER_KEYS;
  return path[2] === 'budget' ? ['bytes', 'hours', 'at-once'] : DRILLS_KEYS;
}

/** What to write for the value at `path`. */
export function wanted(path: readonly PropertyKey[]): string {
  if (path[0] === 'guard') return guardWanted(path);
  if (path[0] === 'tell') return tellWanted(path);
  if (path[0] === 'services' && path[2] === 'datasets')
    return 'Write a list of names of data sets.';
  if (path[0] === 'copies') return copiesWanted(path);
  const kinds = path[0] === 'stoppers' || path[0] === 'freeze' ? STOPPER_WANTED : KINDS;
  const key = path.findLast((part) => kinds.has(String(part)));
  const kind = kinds.get(String(key));
  return kind === undefined ? 'See `holdfast config check --help`.' : `Write ${kind}.`;
}

function copiesWanted(path: readonly PropertyKey[]): string {
  const kind = COPY_KINDS.get(String(path[2])) ?? KINDS.get('copies') ?? '';
  return `Write ${kind}.`;
}

function guardWanted(path: readonly PropertyKey[]): string {
  const key = path.findLast((part) => GUARD_KINDS.has(String(part)));
  return `Write ${GUARD_KINDS.get(String(key)) ?? 'what docs/operating/guard.md has'}.`;
}

function tellWanted(path: readonly PropertyKey[]): string {
  const key = path.findLast((part) => TELL_KINDS.has(String(part)));
  return `Write ${TELL_KINDS.get(String(key)) ?? 'what docs/operating/alerts.md has'}.`;
}

const TEXT = 'a text';
const TEXTS = 'a text or a list of texts';
const PATH = `${TEXT}: the path of a file`;
const DIRECTORY = `${TEXT}: the path of a directory`;
const SWITCH = 'true or false';
const COMMANDS = 'a list with a program and its arguments, or a list of such lists';
const SPAN = 'a time as 90s, 10min or 2h';
const KINDS: ReadonlyMap<string, string> = new Map([
  ['vault', `${TEXT}: the directory of the vault`],
  ['key-file', PATH],
  ['passphrase-file', PATH],
  ['state', DIRECTORY],
  ['min-free', 'a size (20GiB) or a share (10%)'],
  ['keep', 'rules, such as {last: 7, daily: 14, weekly: 8, monthly: 12}'],
  ['read-within', 'days as 30d'],
  ['copies', 'a list, each with to, and every: [{to: /mnt/usb/vault, every: 1h}]'],
  ['datasets', 'names, and below each its keys: paths, exclude, ...'],
  ['paths', TEXTS],
  ['exclude', TEXTS],
  ['exclude-from', TEXTS],
  ['one-file-system', SWITCH],
  ['exclude-caches', SWITCH],
  ['before', COMMANDS],
  ['thaw', COMMANDS],
  ['failed', COMMANDS],
  ['after', COMMANDS],
  ['hook-limit', SPAN],
  ['capture', `one of: ${CAPTURE_WORDS.join(', ')}`],
  ['capture-limit', SPAN],
  ['view', 'open: and close: below it, each a list with a program and its arguments'],
  ['open', 'a list with a program and its arguments; it prints the directory to be read'],
  ['close', 'a list with a program and its arguments; the directory is given to it'],
  ['database', TEXTS],
  ['port', 'a number'],
  ['checkpoint', 'fast or spread'],
  ['services', 'names, and below each its keys: datasets, check, ...'],
  ['moment', 'in-order or one-view'],
  ['check', 'a list with a program and its arguments'],
  ['check-limit', SPAN],
  ['tier', 'a number from 1 to 9; 1 is what hurts first'],
  ['depends-on', 'a name below services, or a list of them'],
  ['owners', TEXTS],
  ['runbook', `${TEXT}: an address or a path`],
  ['pages', 'keys below it: copy, keep'],
  ['prices', 'keys below it: currency, gib-month'],
  ['currency', 'a currency of at most 8 letters, as EUR'],
  ['gib-month', 'a number: what a GiB costs for a month'],
  ['exercise', 'watch below it: names of services, and below each how it is asked'],
  ['watch', 'names of services, and below each kind: http, tcp or dns, with its keys'],
  ['may-lose', 'a time as 30s, 15min, 6h or 2d'],
  ['back-within', 'a time as 15min, 6h or 2d'],
  ['host', `${TEXT}: a name below hosts, or where the engine of \`capture\` is asked`],
  ['role', `${TEXT}: an account of the engine`],
  ['pg-service', `${TEXT}: a name in pg_service.conf`],
  ['password-file', PATH],
  ['defaults-file', PATH],
  ['socket', PATH],
  ['run-as', `${TEXT}: an account of this machine`],
  ['programs', DIRECTORY],
  ['domain', `${TEXT}: the name of the guest`],
  ['uri', `${TEXT}: where libvirt is asked, as qemu:///system`],
  ['disks', TEXTS],
  ['scratch', DIRECTORY],
  ['snapshot-size', 'a size as 5G or 20%, in quotes'],
  ['exclude-nobackup', SWITCH],
  ['hosts', 'names, and below each its keys: address, groups'],
  ['address', `${TEXT}: [user@]name[:port], as ssh is told`],
  ['groups', TEXTS],
  ['on', 'the host it runs on, or a list of hosts; none where it is a machine of its own'],
  ['ignore', 'paths, and for each why nothing is lost with it: {/srv/scratch: made again}'],
  ['peer', `keys below it: ${PEER_KEYS.join(', ')}`],
  ['watches', 'https://HOST:PORT#PIN, as `holdfast server` prints both'],
  ['says', 'an address as http://127.0.0.1:8127/ping/holdfast-server'],
  ['domains', 'kinds, and below each its names with their hosts: site: {a: [hv1, hv2]}'],
  ['points', 'names, and below each its keys: tool, repository, of'],
  ['tool', `one of: ${TOOLS.join(', ')}`],
  ['repository', `${TEXT}: as its tool names it, without a secret`],
  ['of', 'a name below hosts, or a list of them'],
  ['server', `keys below it: ${SERVER_KEYS.join(', ')}`],
  ['listen', 'an address and a port as "127.0.0.1:7431", in quotes'],
  ['url', 'an address as https://holdfast.example.org:7431'],
  ['peers', 'a list of names of hosts'],
  ['mesh', 'a port from 1024 to 65535'],
]);

const PLACE = `${TEXT}: a directory, ssh://user@host/path or https://host:port/name`;
const COPY_KINDS: ReadonlyMap<string, string> = new Map([
  ['to', PLACE],
  ['from', PLACE],
  ['every', 'a time from 1min to 366d, as 15min, 6h or 7d'],
]);

const STOPPER_WANTED: ReadonlyMap<string, string> = new Map([
  ['stoppers', `names, and below each kind: one of ${STOPPER_KINDS.join(', ')}`],
  ['kind', `one of: ${STOPPER_KINDS.join(', ')}`],
  ['units', 'a list of units with their ending, as nightly.timer'],
  ['volumes', 'a list of volumes'],
  ['state', 'a list with a program and its arguments'],
  ['stop', 'a list with a program and its arguments'],
  ['start', 'a list with a program and its arguments'],
  ['pid-file', PATH],
  ['state-directory', DIRECTORY],
  ['limit', 'a time as 20s or 2min, at most 10min'],
  ['freeze', 'at-end: leave or start'],
  ['at-end', 'leave or start'],
]);

const MODE = 'enforce or observe';
const COUNT = 'a number';
const SHARE = 'a share as 10%';
const GLOBS = 'a text or a list of texts, in gitignore syntax';
const LONG_SPAN = 'a time as 10min, 24h or 14d';
const CEL = 'an expression in CEL, in quotes';
const GUARD_KINDS: ReadonlyMap<string, string> = new Map([
  ['guard', `keys below it: ${GUARD_KEYS.join(', ')}`],
  ['mode', MODE],
  ['modes', `one of ${CHOSEN_RULES.join(', ')}, and behind it ${MODE}`],
  ['undo', MODE],
  ['live', MODE],
  ['radius', MODE],
  ['limits', `keys below it: ${GUARD_LIMITS_KEYS.join(', ')}`],
  ['deletes', COUNT],
  ['history-factor', COUNT],
  ['share', SHARE],
  ['share-from', COUNT],
  ['at-once', COUNT],
  ['at-once-share', SHARE],
  ['remain', COUNT],
  ['shrink', SHARE],
  ['approvals', 'persons and cool-off'],
  ['persons', 'a number from 1 to 9'],
  ['cool-off', `${LONG_SPAN}, or never`],
  ['keep', LONG_SPAN],
  ['classes', 'cache, config or identity, and behind it paths'],
  ['cache', GLOBS],
  ['config', GLOBS],
  ['identity', GLOBS],
  ['rules', 'a list, each with name, hold or deny, why and fix'],
  ['name', 'small letters, digits and hyphens'],
  ['hold', CEL],
  ['deny', CEL],
  ['why', 'a sentence'],
  ['fix', 'what to do about it'],
  ['pipelines', 'a list, each with match, and what is otherwise there'],
  ['match', 'a name of a pipeline, * for anything'],
  ['until', 'a day as 2026-12-01'],
  ['trees', 'names, and below each: place, must-exist'],
  ['place', 'host:/path or a path'],
  ['must-exist', 'a path below the tree, or a list of them'],
  ['rollout', `keys below it: ${GUARD_ROLLOUT_KEYS.join(', ')}`],
  ['before', COMMANDS],
  ['after', COMMANDS],
  ['health', COMMANDS],
  ['hook-limit', LONG_SPAN],
  ['after-failure', 'run or keep-out'],
  ['canary', COUNT],
  ['batch', COUNT],
  ['at-once', COUNT],
  ['max-failures', COUNT],
]);
