/** Every verb that works, by door. A command is loaded when it is called, and no other. */
import type { CommandModule } from './cli.ts';

export type Door = 'Look' | 'Keep' | 'Guard' | 'Tell' | 'All';

export interface Verb {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly door: Door;
  /** What `--help` says of it. */
  readonly summary: string;
  /** In `--help`; `help --all` has the others too. */
  readonly isCommon: boolean;
  /** Two Holdfasts talk by it, and no person: no list has it. */
  readonly isInternal?: true;
  /** `check` of `vault check`: what stands behind the verb, each with its summary. */
  readonly parts?: readonly VerbPart[];
  /** With parts, it does something without one too. */
  readonly runsItself?: true;
  readonly load: () => Promise<CommandModule>;
}

export interface VerbPart {
  readonly name: string;
  readonly summary: string;
  readonly isCommon: boolean;
}

export const DOORS: readonly Door[] = ['Look', 'Keep', 'Guard', 'Tell', 'All'];

export const VERBS: readonly Verb[] = [
  {
    name: 'look',
    door: 'Look',
    summary: 'what many machines would lose, over ssh; nothing installed',
    isCommon: true,
    load: () => import('./command-look.ts'),
  },
  {
    name: 'connect',
    door: 'Look',
    summary: 'open a backup that was found, read-only, by its own tool',
    isCommon: true,
    load: () => import('./command-connect.ts'),
  },
  {
    name: 'exposure',
    door: 'Look',
    summary: 'what would be lost, and for how long, if something died now',
    isCommon: true,
    load: () => import('./command-exposure.ts'),
  },
  {
    name: 'coverage',
    door: 'Look',
    summary: 'what lies here, and what of it is in no recovery point',
    isCommon: true,
    load: () => import('./command-coverage.ts'),
  },
  {
    name: 'recovery-plan',
    door: 'Look',
    summary: 'what to bring back first, where to, and by which command',
    isCommon: false,
    load: () => import('./command-recovery-plan.ts'),
  },
  {
    name: 'cost',
    door: 'Look',
    summary: 'what keeping each data set costs, and what it saves',
    isCommon: false,
    load: () => import('./command-cost.ts'),
  },
  {
    name: 'exercise',
    door: 'Look',
    summary: 'an announced disaster exercise, recorded from probes',
    isCommon: false,
    parts: [
      { name: 'start', summary: 'announce one, and watch services until it ends', isCommon: false },
      { name: 'note', summary: 'what was pulled, put back, helped by hand', isCommon: false },
      { name: 'stop', summary: 'end it, and report', isCommon: false },
      { name: 'show', summary: 'how long each service was really out', isCommon: false },
    ],
    load: () => import('./command-exercise.ts'),
  },
  {
    name: 'changes',
    door: 'Look',
    summary: 'what differs between two looks',
    isCommon: false,
    load: () => import('./command-changes.ts'),
  },
  {
    name: 'init',
    door: 'Keep',
    summary: 'make a vault',
    isCommon: true,
    load: () => import('./command-init.ts'),
  },
  {
    name: 'backup',
    door: 'Keep',
    summary: 'a snapshot of directories, files, or what a command prints',
    isCommon: true,
    load: () => import('./command-backup.ts'),
  },
  {
    name: 'snapshots',
    door: 'Keep',
    summary: 'list the snapshots of a vault',
    isCommon: true,
    load: () => import('./command-snapshots.ts'),
  },
  {
    name: 'ls',
    door: 'Keep',
    summary: 'list what is in a snapshot',
    isCommon: false,
    load: () => import('./command-ls.ts'),
  },
  {
    name: 'diff',
    door: 'Keep',
    summary: 'compare two snapshots, or a snapshot and a directory',
    isCommon: false,
    load: () => import('./command-diff.ts'),
  },
  {
    name: 'restore',
    door: 'Keep',
    summary: 'put a snapshot back, into a new place by default',
    isCommon: true,
    load: () => import('./command-restore.ts'),
  },
  {
    name: 'drill',
    aliases: ['restore-test'],
    door: 'Keep',
    summary: 'restore to a scratch place, compare, time it, throw it away',
    isCommon: true,
    load: () => import('./command-drill.ts'),
  },
  {
    name: 'export',
    door: 'Keep',
    summary: 'a snapshot as a tar stream or a plain directory',
    isCommon: false,
    load: () => import('./command-export.ts'),
  },
  {
    name: 'vault',
    door: 'Keep',
    summary: 'look after a vault',
    isCommon: true,
    parts: [
      { name: 'check', summary: 'whether all of it can still be restored', isCommon: true },
      { name: 'gc', summary: 'forget what no rule keeps', isCommon: false },
      { name: 'hold', summary: 'keep a snapshot whatever the rules say', isCommon: false },
      { name: 'copy', summary: 'the same vault in another place too', isCommon: false },
      { name: 'repair', summary: 'put back from a copy what was lost', isCommon: false },
      { name: 'upgrade', summary: 'bring one to the newest format', isCommon: false },
      { name: 'stdio', summary: 'serve one to another host over SSH', isCommon: false },
      { name: 'serve', summary: 'keep vaults of other hosts over HTTPS', isCommon: false },
    ],
    load: () => import('./command-vault.ts'),
  },
  {
    name: 'key',
    door: 'Keep',
    summary: 'the keys of a vault',
    isCommon: true,
    parts: [
      { name: 'sheet', summary: 'what to print and keep elsewhere', isCommon: true },
      { name: 'add', summary: 'one more passphrase or key file', isCommon: false },
      { name: 'list', summary: 'which keys open the vault', isCommon: false },
      { name: 'retire', summary: 'take a key away', isCommon: false },
      { name: 'request', summary: 'ask for the keys of one snapshot', isCommon: false },
      { name: 'grant', summary: 'give a machine the keys of one snapshot', isCommon: false },
    ],
    load: () => import('./command-key.ts'),
  },
  {
    name: 'sync',
    door: 'Guard',
    summary: 'make directories equal to a snapshot or a place, with undo',
    isCommon: true,
    load: () => import('./command-sync.ts'),
  },
  {
    name: 'sync-target',
    door: 'Guard',
    summary: 'the far side of a sync over SSH',
    isCommon: false,
    isInternal: true,
    load: () => import('./command-sync-target.ts'),
  },
  {
    name: 'plan',
    door: 'Guard',
    summary: 'plans that wait for somebody, or one in full',
    isCommon: true,
    load: () => import('./command-plan.ts'),
  },
  {
    name: 'undo',
    door: 'Guard',
    summary: 'put back what a plan deleted or changed',
    isCommon: true,
    load: () => import('./command-undo.ts'),
  },
  {
    name: 'apply',
    door: 'Guard',
    summary: 'apply a plan that waited, when its verdict allows it now',
    isCommon: false,
    load: () => import('./command-apply.ts'),
  },
  {
    name: 'guard',
    door: 'Guard',
    summary: 'stand before a command that deletes',
    isCommon: true,
    parts: [
      { name: 'run', summary: 'rsync, rclone, rm, mv, find: judged, and undoable', isCommon: true },
      {
        name: 'coverage',
        summary: 'which ways to delete are closed, and which go around',
        isCommon: true,
      },
      { name: 'kit', summary: 'print what closes each way around', isCommon: false },
      {
        name: 'replay',
        summary: 'how often the rules would have asked, and about what',
        isCommon: false,
      },
    ],
    load: () => import('./command-guard.ts'),
  },
  {
    name: 'promote',
    door: 'Guard',
    summary: 'make a place the one that others are synced from',
    isCommon: false,
    load: () => import('./command-promote.ts'),
  },
  {
    name: 'approve',
    door: 'Guard',
    summary: 'let a plan that is held pass, signed with your SSH key',
    isCommon: true,
    load: () => import('./command-approve.ts'),
  },
  {
    name: 'claim',
    door: 'Guard',
    summary: "say that you work on a host or directory: others' plans wait",
    isCommon: false,
    load: () => import('./command-claim.ts'),
  },
  {
    name: 'freeze',
    door: 'Guard',
    summary: 'stop every change that Holdfast makes here, until you say so',
    isCommon: false,
    load: () => import('./command-freeze.ts'),
  },
  {
    name: 'unfreeze',
    door: 'Guard',
    summary: 'let changes go on',
    isCommon: false,
    load: () => import('./command-unfreeze.ts'),
  },
  {
    name: 'message',
    door: 'Tell',
    summary: 'the channels by which people are told',
    isCommon: false,
    parts: [
      { name: 'test', summary: 'a test message by each, and what each answered', isCommon: false },
    ],
    load: () => import('./command-message.ts'),
  },
  {
    name: 'up',
    door: 'All',
    summary: 'look, protect, drill, and say what would be lost; stays up',
    isCommon: true,
    load: () => import('./command-up.ts'),
  },
  {
    name: 'probe',
    door: 'All',
    summary: 'look at this machine once, with all its probes, worst first',
    isCommon: false,
    load: () => import('./command-probe.ts'),
  },
  {
    name: 'agent',
    door: 'All',
    runsItself: true,
    summary: 'watch this host for a server; does what agent.yaml allows',
    isCommon: false,
    parts: [
      { name: 'enroll', summary: 'make this host known to a server', isCommon: false },
      { name: 'act', summary: 'apply one plan, as systemd asks for level act', isCommon: false },
    ],
    load: () => import('./command-agent.ts'),
  },
  {
    name: 'enroll',
    door: 'All',
    summary: 'put an agent on machines, over ssh, after showing all of it',
    isCommon: true,
    load: () => import('./command-enroll.ts'),
  },
  {
    name: 'remove',
    door: 'All',
    summary: 'take away all that Holdfast put on a host',
    isCommon: false,
    load: () => import('./command-remove.ts'),
  },
  {
    name: 'server',
    door: 'All',
    summary: 'what agents report to, and what is asked through',
    isCommon: true,
    load: () => import('./command-server.ts'),
  },
  {
    name: 'config',
    door: 'All',
    summary: 'the configuration file',
    isCommon: false,
    parts: [
      { name: 'check', summary: 'whether it can be read, and what is wrong', isCommon: false },
      { name: 'show', summary: 'what holds, and where each value comes from', isCommon: false },
      { name: 'diff', summary: 'the file against the last look', isCommon: false },
      { name: 'import', summary: 'hosts of Ansible, Prometheus, Icinga', isCommon: false },
    ],
    load: () => import('./command-config.ts'),
  },
  {
    name: 'status',
    door: 'All',
    summary: 'the answer on one screen; --nagios on one line',
    isCommon: false,
    load: () => import('./command-status.ts'),
  },
  {
    name: 'bundle',
    door: 'All',
    summary: 'versions, state and last kernel lines, safe to post',
    isCommon: false,
    load: () => import('./command-bundle.ts'),
  },
  {
    name: 'explain',
    door: 'All',
    summary: 'what an error code or a rule of the guard means',
    isCommon: false,
    load: () => import('./command-explain.ts'),
  },
];

export function findVerb(name: string): Verb | undefined {
  return VERBS.find((verb) => verb.name === name || verb.aliases?.includes(name) === true);
}
