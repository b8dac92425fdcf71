import { ACCESS_FAULTS } from './fault-access.ts';
import { AGENT_FAULTS } from './fault-agent.ts';
import { COPY_FAULTS } from './fault-copy.ts';
import { ENROLL_FAULTS } from './fault-enroll.ts';
import { EXPOSURE_FAULTS } from './fault-exposure.ts';
import { GRANT_FAULTS } from './fault-grant.ts';
import { GUARD_FAULTS } from './fault-guard.ts';
import { TELL_FAULTS } from './fault-tell.ts';
import { SERVER_FAULTS } from './fault-server.ts';

/**
 * What kind of failure it was; code branches on this and never on text.
 * usage: the caller asked for something that cannot be; refused: it could be, and was not done;
 * transient: trying again may help; corrupt: bytes are not what they were; unavailable: something
 * needed is not there.
 */
export type FaultKind = 'usage' | 'refused' | 'transient' | 'corrupt' | 'unavailable';

export type FaultFacts = Readonly<Record<string, string | number | bigint>>;

/**
 * The closed catalogue of operating errors. `remedy` is for people; `{name}` is filled from the
 * facts. A code is never reused. docs/errors.md lists them all, checked both ways by a test.
 */
export const FAULTS = {
  ...ACCESS_FAULTS,
  ...AGENT_FAULTS,
  ...COPY_FAULTS,
  ...ENROLL_FAULTS,
  ...EXPOSURE_FAULTS,
  ...GRANT_FAULTS,
  ...GUARD_FAULTS,
  ...TELL_FAULTS,
  ...SERVER_FAULTS,
  HF_BACKUP_OVERTAKEN: {
    kind: 'transient',
    remedy: 'Run the backup again: it stores what is missing. Nothing was acknowledged.',
  },
  HF_COLLECT_UNREADABLE: {
    kind: 'corrupt',
    remedy:
      'Run `holdfast vault gc` where the vault lies: it ends what {name} belongs to, and frees nothing by it.',
  },
  HF_COMMAND_FAILED: {
    kind: 'unavailable',
    remedy:
      'See what it said above, and run it by itself; a backup is made only of what ended well.',
  },
  HF_CONFIG_INVALID: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_CONNECT_ABSENT: {
    kind: 'unavailable',
    remedy: 'Look whether {repository} is written right, is mounted, and can be reached from here.',
  },
  HF_CONNECT_BUSY: {
    kind: 'refused',
    remedy: 'Let it end, then run it again.',
  },
  HF_CONNECT_CHANGED: {
    kind: 'refused',
    remedy:
      'Find out who put it there. If it was made anew: `holdfast connect --forget {repository}`, then connect it again.',
  },
  HF_CONNECT_DAMAGED: {
    kind: 'corrupt',
    remedy: 'Run the check of {tool} itself; what was not damaged can be restored still.',
  },
  HF_CONNECT_FAILED: {
    kind: 'unavailable',
    remedy: 'See what {tool} said; the same by hand shows more.',
  },
  HF_CONNECT_LOCKED: {
    kind: 'transient',
    remedy: 'Somebody else works with {repository}: run it again when that has ended.',
  },
  HF_CONNECT_SECRET_REFUSED: {
    kind: 'refused',
    remedy: 'Give the right one by --password-file FILE or --password-command COMMAND.',
  },
  HF_CONNECT_SECRET_WANTED: {
    kind: 'usage',
    remedy:
      'Give --password-file FILE or --password-command COMMAND, or set the variable that {tool} reads.',
  },
  HF_CONNECT_TIMEOUT: {
    kind: 'transient',
    remedy: 'Look whether {repository} can be reached, and give it longer: --limit 30m.',
  },
  HF_CONNECT_TOOL_ABSENT: {
    kind: 'unavailable',
    remedy: 'Install {tool} on this machine: a repository is opened by its own tool.',
  },
  HF_CONNECT_TOOL_VERSION: {
    kind: 'unavailable',
    remedy: 'Install {tool} {wanted}.',
  },
  HF_CONNECT_UNKNOWN: {
    kind: 'usage',
    remedy: 'See which ones are connected: `holdfast connect`.',
  },
  HF_CONTENT_CORRUPT: {
    kind: 'corrupt',
    remedy: 'Run `holdfast vault check --read-data`, and restore from another recovery point.',
  },
  HF_DATA_KEY_ABSENT: {
    kind: 'unavailable',
    remedy:
      'Bring back the packs and indexes that are missing: they carry the data key. Or open the vault with a key that may read this.',
  },
  HF_DATA_SET_ELSEWHERE: {
    kind: 'usage',
    remedy: 'Run it on {host}: each machine backs up the data sets that lie on it.',
  },
  HF_DISK_ABSENT: {
    kind: 'unavailable',
    remedy: 'Look whether {path} exists and whether its file system is mounted.',
  },
  HF_DISK_DENIED: {
    kind: 'refused',
    remedy:
      'Let this user read and write {path}, or run as one who may ({errno}; EROFS: mounted read-only).',
  },
  HF_DISK_FAILED: {
    kind: 'unavailable',
    remedy:
      'See the kernel log (`dmesg`) about {path} ({errno}; EIO: the medium fails, copy it away).',
  },
  HF_DISK_FULL: {
    kind: 'unavailable',
    remedy:
      'Free space (and inodes, `df -i`) or raise the quota where {path} lies, then run it again.',
  },
  HF_EXPORT_DAMAGED: {
    kind: 'corrupt',
    remedy:
      'Run `holdfast vault check --read-data`; export another snapshot, or the rest of this one with `--skip-damaged`.',
  },
  HF_HOOK_FAILED: {
    kind: 'unavailable',
    remedy: 'See what it said, and run it by itself; the data set was not backed up.',
  },
  HF_KEY_ABSENT: {
    kind: 'unavailable',
    remedy:
      'Bring back an object under keys/ or copy/keys/ of this vault from a copy of it; no key, no restore.',
  },
  HF_KEY_FILE_EXISTS: {
    kind: 'refused',
    remedy: 'Name a file that is not there yet, or use this one with --key-file.',
  },
  HF_KEY_REFUSED: {
    kind: 'refused',
    remedy:
      'Check the passphrase (keyboard layout, spaces) or the key file: it must be the one that `holdfast init` or `holdfast key add` used for this vault.',
  },
  HF_KEY_REMOTE: {
    kind: 'refused',
    remedy:
      'On {host}, with a Holdfast there, type `holdfast key retire --vault {place}`; or remove keys/ID and copy/keys/ID of it there.',
  },
  HF_KEY_SCOPE: {
    kind: 'refused',
    remedy:
      'Open the vault with a key that may (--key-file): `holdfast key list` says what each is for.',
  },
  HF_KEY_UNPROVEN: {
    kind: 'refused',
    remedy:
      'Open the vault with another key (--key-file, --passphrase-file) to retire this one: so it is shown that another works.',
  },
  HF_KEY_WANTED: {
    kind: 'usage',
    remedy:
      'Give --key-file FILE or --passphrase-file FILE, or set HOLDFAST_PASSPHRASE or HOLDFAST_KEY_FILE.',
  },
  HF_LEDGER_UNAVAILABLE: {
    kind: 'unavailable',
    remedy:
      'Free space or the rights to write {path}; it is a cache, so moving it away costs only what can be looked at again.',
  },
  HF_LOOK_ANSWER: {
    kind: 'unavailable',
    remedy:
      'It must have a POSIX shell that the account may run, and print nothing else without end: see what `{ssh} sh` does. A key that may run one command only cannot look.',
  },
  HF_LOOK_FROM: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_LOOK_HOST: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_LOOK_LATE: {
    kind: 'transient',
    remedy: 'Look at it alone, with more time: `holdfast look {host} --limit 3m`.',
  },
  HF_LOOK_STOPPED: {
    kind: 'transient',
    remedy: 'Run it again; what was stopped wrote nothing there.',
  },
  HF_LOOK_TOO_LARGE: {
    kind: 'refused',
    remedy: 'Look at fewer hosts at once: more than {limit} of one look are not kept.',
  },
  HF_LOOK_WANTED: {
    kind: 'usage',
    remedy: 'Run `holdfast look HOST...`: what it sees is kept, and the next look can be compared.',
  },
  HF_LOSE_UNKNOWN: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_MANIFEST_CORRUPT: {
    kind: 'corrupt',
    remedy: 'Run `holdfast vault check --read-data`, and use another snapshot or copy until then.',
  },
  HF_OBJECT_CORRUPT: {
    kind: 'corrupt',
    remedy:
      'Run `holdfast vault check --read-data`; restore from another recovery point, or bring back {pack} from a copy.',
  },
  HF_OBJECT_MISSING: {
    kind: 'unavailable',
    remedy:
      'Run `holdfast vault check`; restore from another recovery point, or bring back the missing pack from a copy.',
  },
  HF_OUTPUT_FAILED: {
    kind: 'transient',
    remedy:
      'Make room where the output goes, and run it again: what was asked for was done, and part of the answer is missing.',
  },
  HF_PATH_ABSENT: {
    kind: 'usage',
    remedy: 'See what the snapshot holds: `holdfast ls {snapshot}`.',
  },
  HF_PEER_BUSY: {
    kind: 'transient',
    remedy:
      'Run it again later: what was acknowledged is kept. If it stays so, somebody else may use the token of this host, or the limits of {peer} are too low.',
  },
  HF_PEER_FULL: {
    kind: 'refused',
    remedy:
      'On {peer}, free space, or let less stay free: `holdfast vault serve --min-free SIZE`. Nothing half was kept.',
  },
  HF_PEER_HOST: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_PEER_LINE: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_PEER_OTHER: {
    kind: 'refused',
    remedy:
      'Find out why {peer} has another key: somebody may stand between. Only when its owner says that the key was made anew, ask for a new line (`holdfast vault serve token`), and put it in the place of the old one.',
  },
  HF_PEER_PLACE: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_PEER_QUOTA: {
    kind: 'refused',
    remedy:
      'Ask the owner of {peer} for more (`holdfast vault serve token {host} --quota SIZE` changes it), or to forget snapshots there. Nothing half was kept.',
  },
  HF_PEER_TOKEN: {
    kind: 'refused',
    remedy:
      'Ask the owner of {peer} for a new line: `holdfast vault serve token`. Put it in the place of the old one.',
  },
  HF_PEER_UNREACHABLE: {
    kind: 'unavailable',
    remedy:
      'Look whether {peer} is up, whether `holdfast vault serve` runs there, and whether a firewall lets it through.',
  },
  HF_PEER_UPLOAD: {
    kind: 'transient',
    remedy: 'Run it again: it is sent from its beginning.',
  },
  HF_PEER_VAULT: {
    kind: 'refused',
    remedy:
      'Write the place as the line of this host has it; its token reaches that one vault and no other.',
  },
  HF_ROOT_NAMES_COLLIDE: {
    kind: 'usage',
    remedy:
      'Back them up apart, or back up a directory above both: each is restored under its name.',
  },
  HF_SFTP_PROTOCOL: {
    kind: 'unavailable',
    remedy:
      "Let the machine there serve OpenSSH's SFTP (`Subsystem sftp internal-sftp` in its sshd_config), or run `holdfast vault stdio` on it.",
  },
  HF_SHEET_DIFFERS: {
    kind: 'refused',
    remedy: 'Compare it with the sheet letter by letter, or print a new one: `holdfast key sheet`.',
  },
  HF_SNAPSHOT_ABSENT: { kind: 'usage', remedy: 'List them with `holdfast snapshots`.' },
  HF_SNAPSHOT_AMBIGUOUS: { kind: 'usage', remedy: 'Give more digits of it: {matches}.' },
  HF_SNAPSHOT_OF_OTHERS: {
    kind: 'usage',
    remedy:
      'Back it up on this host first, or say whose it is to be: `--host NAME` or `--host WRITER` (in a job of agent.yaml `host: NAME`). There are: {writers}.',
  },
  HF_SNAPSHOT_SWEPT: {
    kind: 'unavailable',
    remedy:
      'What it held was freed. Another copy of the vault may have it: holdfast snapshots --vault PLACE.',
  },
  HF_SNAPSHOT_UNTRUSTED: {
    kind: 'refused',
    remedy:
      'Find out who wrote it ({writer}). If you trust them, name them with `--writer`; to restore it whoever wrote it, `--unsigned`.',
  },
  HF_SOURCE_ABSENT: {
    kind: 'usage',
    remedy:
      'Look whether {path} is written right and its file system is mounted; nothing was done.',
  },
  HF_SSH_ANSWER: {
    kind: 'unavailable',
    remedy:
      'Let the account say nothing when nobody sits there: `{ssh} true` must print nothing (look into its .bashrc and .profile).',
  },
  HF_SSH_DENIED: {
    kind: 'refused',
    remedy:
      'Try `{ssh}` as this user: a key of this user must stand in authorized_keys there, and open without a question.',
  },
  HF_SSH_FAILED: {
    kind: 'unavailable',
    remedy: 'Try it by hand as this user: `{ssh}`. What ssh said stands above.',
  },
  HF_SSH_HOST_KEY_CHANGED: {
    kind: 'refused',
    remedy:
      'Find out why that machine has another host key: somebody may stand between. Only when its owner confirms the new one, forget the old one: `ssh-keygen -R {known}`.',
  },
  HF_SSH_HOST_KEY_UNKNOWN: {
    kind: 'refused',
    remedy:
      'Connect once by hand as this user, and compare the fingerprint with the one its owner gives you: `{ssh}`.',
  },
  HF_SSH_HOST_UNKNOWN: {
    kind: 'unavailable',
    remedy:
      'Look whether {host} is written right (a name in DNS, /etc/hosts or ~/.ssh/config), and whether names are resolved here.',
  },
  HF_SSH_PLACE: {
    kind: 'usage',
    remedy: '{instead}',
  },
  HF_SSH_SERVES_OTHER: {
    kind: 'usage',
    remedy: 'Name it as the other side does: {instead}.',
  },
  HF_SSH_UNREACHABLE: {
    kind: 'unavailable',
    remedy:
      'Look whether {host} is up, whether its SSH server listens on port {port}, and whether a firewall lets it through: `{ssh}`.',
  },
  HF_STATE_CORRUPT: {
    kind: 'corrupt',
    remedy:
      'Move {path} aside: this host then signs with a new key, which whoever holds the passphrase or key file vouches for.',
  },
  HF_STORE_ABSENT: {
    kind: 'unavailable',
    remedy:
      'Run `holdfast vault check`: it names what needs {name} and what can still be restored.',
  },
  HF_STORE_CORRUPT: {
    kind: 'corrupt',
    remedy: 'Run it again; if {name} fails again, test the memory and the path to the store.',
  },
  HF_STORE_FAILED: {
    kind: 'transient',
    remedy: 'Run it again; if {name} fails again, look at the store itself.',
  },
  HF_STORE_LINK_LOST: {
    kind: 'transient',
    remedy:
      'Run it again: what was acknowledged is kept, and nothing that is half there counts. If it breaks again, look at the network to {host} and at its log.',
  },
  HF_STORE_NAME: {
    kind: 'refused',
    remedy: 'No object of a vault is called that. Run `holdfast vault check`.',
  },
  HF_STORE_PROTOCOL: {
    kind: 'unavailable',
    remedy: 'Compare `holdfast --version` on both sides, and use the newer one on both.',
  },
  HF_THAW_FAILED: {
    kind: 'unavailable',
    remedy: '{left}',
  },
  HF_TOOL_MISSING: {
    kind: 'unavailable',
    remedy: 'Install {tool} on this host, or choose another way to capture it.',
  },
  HF_UP_RUNNING: {
    kind: 'refused',
    remedy:
      'Let it go on: it renews its table by itself. Or end it, or give this one a state directory of its own by HOLDFAST_STATE.',
  },
  HF_UP_WATCH: {
    kind: 'unavailable',
    remedy: 'See what it says, and start it again. Without server and agent: `holdfast up --once`.',
  },
  HF_USAGE: { kind: 'usage', remedy: 'See `holdfast {command} --help`.' },
  HF_VAULT_ABSENT: {
    kind: 'unavailable',
    remedy: 'Make one with `holdfast init --vault {place}`, or name the right place.',
  },
  HF_VAULT_CORRUPT: {
    kind: 'corrupt',
    remedy: 'Run `holdfast vault check`; what is damaged is read from its copy where there is one.',
  },
  HF_VAULT_EXISTS: {
    kind: 'refused',
    remedy: 'Use the vault that is there, or name another place.',
  },
  HF_VAULT_FEATURE_UNKNOWN: {
    kind: 'refused',
    remedy: 'Use a newer Holdfast: this one does not know what this vault requires ({feature}).',
  },
  HF_VAULT_FLOOR: {
    kind: 'refused',
    remedy:
      'Free space where {place} lies, put the vault elsewhere, or lower the floor with --min-free SIZE.',
  },
  HF_VAULT_FORMAT_OLD: {
    kind: 'refused',
    remedy:
      'When every host that writes into it has this Holdfast or a newer one: `holdfast vault upgrade {place}`.',
  },
  HF_VAULT_OTHER: {
    kind: 'refused',
    remedy:
      'Name a copy of the same vault (its id is {vault}; there lies {there}), or an empty place to copy to.',
  },
  HF_VAULT_PLACE_TAKEN: {
    kind: 'refused',
    remedy: 'Name a directory that is empty or not there yet.',
  },
  HF_VAULT_KEEPER: {
    kind: 'refused',
    remedy: 'Run it on {host}, as who may write there: {command}',
  },
  HF_VAULT_NAMES_OLD: {
    kind: 'refused',
    remedy:
      'Run it on the machine that has the disk. Or stop what other machines write into it, and say so with --nobody-writes.',
  },
  HF_VAULT_WANTED: {
    kind: 'usage',
    remedy: 'Give --vault PLACE, set HOLDFAST_VAULT, or write `vault: PLACE` into holdfast.yaml.',
  },
} as const satisfies Record<string, { readonly kind: FaultKind; readonly remedy: string }>;

export type FaultCode = keyof typeof FAULTS;

export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: FaultCode;
  readonly facts: FaultFacts;

  constructor(code: FaultCode, message: string, facts: FaultFacts = {}, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.facts = facts;
  }

  get kind(): FaultKind {
    return FAULTS[this.code].kind;
  }

  /** What the reader can do about it, with the facts filled in. */
  get remedy(): string {
    return FAULTS[this.code].remedy.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
      String(this.facts[name] ?? whole),
    );
  }
}
