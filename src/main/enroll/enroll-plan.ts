/** What will be put on a host, from what it is and what it has: pure. */
import type { Survey } from '../../adapters/enroll/survey.ts';
import { Fault } from '../../base/fault.ts';
import { sayText } from '../../base/say-name.ts';
import type { Installed, InstalledStep } from '../../wire/installed.ts';
import type { DeliveredPackage } from './package-here.ts';

export type Level = Installed['level'];

export interface EnrollPlan {
  readonly host: string;
  readonly survey: Survey;
  readonly installed: Installed;
  readonly delivered: DeliveredPackage;
  /** Units whose files lie in the archive, and where they go; none where the host has no systemd. */
  readonly unitFiles: readonly { readonly from: string; readonly at: string }[];
}

export const OWN = '/var/lib/holdfast';
export const PROGRAM_TREE = '/opt/holdfast';
export const AGENT_CONFIG = '/etc/holdfast/agent.yaml';
export const AGENT_UNIT = 'holdfast-agent.service';
export const ACT_UNIT = 'holdfast-act.socket';
export const AGENT_STATE = `${OWN}/agent`;
const CACHE = '/var/cache/holdfast';
const COMMAND = '/usr/local/bin/holdfast';
const UNITS = '/etc/systemd/system';
const KEEP_DROP_IN = `${UNITS}/${AGENT_UNIT}.d/holdfast-keep.conf`;
const ACT_FILES = ['holdfast-act.socket', 'holdfast-act@.service'];

const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };
const GLIBC_FLOOR = { major: 2, minor: 28 };
/** The archive, what comes out of it, and what was there before, side by side for a moment. */
const ROOM = 600 * 1024 * 1024;

/** Whatever of these is not there yet will be made, and is removed again when it is empty. */
const DIRECTORIES = [
  ...['/opt', '/etc/holdfast', '/var/lib', OWN, '/var/cache', '/usr/local', '/usr/local/bin'],
  ...['/etc/systemd', UNITS, `${UNITS}/${AGENT_UNIT}.d`],
];

/** All that the survey is asked about. */
export const CANDIDATES: readonly string[] = [
  ...DIRECTORIES,
  ...[PROGRAM_TREE, AGENT_STATE, CACHE, AGENT_CONFIG, COMMAND, KEEP_DROP_IN],
  ...[AGENT_UNIT, ...ACT_FILES].map((name) => `${UNITS}/${name}`),
];

/** @throws Fault HF_ENROLL_HOST */
export function enrollPlan(of: {
  readonly host: string;
  readonly survey: Survey;
  readonly level: Level;
  readonly delivered: DeliveredPackage;
}): EnrollPlan {
  const { host, survey, level, delivered } = of;
  demandFit(host, survey, delivered);
  const unitFiles = unitFilesOf(of);
  const wanted: InstalledStep[] = [
    ...directoriesOf(survey, { level, isTarball: delivered.by === 'tar' }),
    ...treesOf(survey, delivered),
    ...usersOf(survey, delivered),
    ...packageSteps(survey, delivered),
    ...unitFiles.map(({ at }) => replacing(survey, { do: 'file' as const, at })),
    replacing(survey, { do: 'file' as const, at: AGENT_CONFIG }),
    ...(delivered.by === 'tar' ? [replacing(survey, { do: 'link' as const, at: COMMAND })] : []),
    ...unitsOf(survey, level),
  ];
  // What an earlier run wrote down is ours, whatever is there by now.
  const before = survey.installed?.steps ?? [];
  const isKnown = ({ do: kind, at }: InstalledStep): boolean =>
    before.some((step) => step.do === kind && step.at === at);
  const steps = [...before, ...wanted.filter((step) => !isKnown(step))];
  const { version } = delivered;
  const installed = { format: 'holdfast-installed-0', level, steps, version } as const;
  return { host, survey, installed, delivered, unitFiles };
}

function directoriesOf(
  { there }: Survey,
  { level, isTarball }: { readonly level: Level; readonly isTarball: boolean },
): readonly InstalledStep[] {
  const isWanted = (at: string): boolean => {
    if (at.endsWith('.d')) return level === 'keep';
    if (at.startsWith('/usr/local')) return isTarball;
    return true;
  };
  // Ours by its name: an enrolment that was killed before there was a list may have made it.
  const isMade = (at: string): boolean => at === OWN || !there.has(at);
  return DIRECTORIES.filter((at) => isWanted(at) && isMade(at)).map((at) => ({
    do: 'directory',
    at,
  }));
}

/** A key that somebody made there by hand is not of this enrolment, and stays. */
function treesOf({ there }: Survey, delivered: DeliveredPackage): readonly InstalledStep[] {
  const state = there.has(AGENT_STATE) ? [] : [AGENT_STATE];
  const trees = [`${OWN}/incoming`, `${OWN}/replaced`, ...state, CACHE];
  const all = delivered.by === 'tar' ? [...trees, PROGRAM_TREE] : trees;
  return all.map((at) => ({ do: 'tree', at }));
}

/** A package brings the user of a server too. */
function usersOf({ users }: Survey, { by }: DeliveredPackage): readonly InstalledStep[] {
  const names = by === 'tar' ? ['holdfast'] : ['holdfast', 'holdfast-server'];
  return names.filter((at) => !users.has(at)).map((at) => ({ do: 'user', at }));
}

/** One that somebody else installed is brought up to date, and stays when the agent goes. */
function packageSteps({ packagedBy }: Survey, { by }: DeliveredPackage): readonly InstalledStep[] {
  return by === 'tar' || packagedBy !== undefined ? [] : [{ do: 'package', at: 'holdfast', by }];
}

function replacing<S extends { readonly do: 'file' | 'link'; readonly at: string }>(
  { there }: Survey,
  step: S,
): S & { readonly was?: true } {
  return there.has(step.at) ? { ...step, was: true } : step;
}

function unitsOf({ tools }: Survey, level: Level): readonly InstalledStep[] {
  if (!tools.has('systemctl')) return [];
  const names = level === 'act' ? [AGENT_UNIT, ACT_UNIT] : [AGENT_UNIT];
  return names.map((at) => ({ do: 'unit', at }));
}

function unitFilesOf(of: {
  readonly survey: Survey;
  readonly level: Level;
  readonly delivered: DeliveredPackage;
}): EnrollPlan['unitFiles'] {
  const { survey, level, delivered } = of;
  if (!survey.tools.has('systemctl')) return [];
  const from = (name: string): string => `${PROGRAM_TREE}/systemd/${name}`;
  // A package has its units where they belong; the level is nobody's but root's.
  const names = delivered.by === 'tar' ? [AGENT_UNIT, ...(level === 'act' ? ACT_FILES : [])] : [];
  const units = names.map((name) => ({ from: from(name), at: `${UNITS}/${name}` }));
  const keep = { from: from('holdfast-agent-keep.conf'), at: KEEP_DROP_IN };
  return level === 'keep' ? [...units, keep] : units;
}

function demandFit(host: string, survey: Survey, delivered: DeliveredPackage): void {
  const refuse = (what: string, instead: string): never => {
    throw new Fault('HF_ENROLL_HOST', `${host} ${what}`, { host, instead });
  };
  if (!survey.isRoot) refuse('was not entered as root', `Use root@${host}.`);
  if (survey.kernel !== 'Linux') {
    refuse(`runs ${sayText(survey.kernel)}`, 'Look at it over ssh: `holdfast look`.');
  }
  const machine = MACHINES[delivered.arch] ?? delivered.arch;
  if (survey.machine !== machine) {
    const instead = `Name the package for it: --package FILE. This one is for ${machine}.`;
    refuse(`is ${sayText(survey.machine)}`, instead);
  }
  if (!isLibcNewEnough(survey.libc)) {
    const instead =
      'Older and other ones stay with `holdfast look` over ssh, which installs nothing.';
    refuse(`has ${sayText(survey.libc)}, and glibc 2.28 or newer is needed`, instead);
  }
  const { by } = delivered;
  demandSameWay(survey, by, refuse);
  demandOurTree(survey, refuse);
  const { installed } = survey;
  if (installed !== undefined && isOlder(delivered.version, installed.version)) {
    const instead = `Send ${installed.version} or newer; to go back, \`holdfast remove\` it first, and enrol it anew.`;
    refuse(`has Holdfast ${installed.version}, which is newer than ${delivered.version}`, instead);
  }
  const needed = by === 'tar' ? ['sha256sum', 'tar', 'gzip'] : ['sha256sum', by];
  const missing = needed.filter((tool) => !survey.tools.has(tool));
  if (missing.length > 0) {
    refuse(
      `has no ${missing.join(', ')}`,
      `Install it there, or send another kind: --package FILE.`,
    );
  }
  if (survey.free !== undefined && survey.free < ROOM && survey.unpacked !== delivered.sha256) {
    refuse('has less than 600 MiB free below /opt or /var/lib', 'Make room there first.');
  }
}

/** An archive over a package, or the reverse, would leave files that nobody removes. */
function demandSameWay(
  { packagedBy, installed }: Survey,
  by: DeliveredPackage['by'],
  refuse: (what: string, instead: string) => never,
): void {
  const isUnpacked = installed?.steps.some(({ at }) => at === PROGRAM_TREE) === true;
  if (by !== 'tar' && isUnpacked) {
    refuse('was enrolled from an archive', 'Send the archive, or `holdfast remove` it first.');
  }
  if (by === 'tar' && packagedBy !== undefined) {
    const kind = packagedBy === 'dpkg' ? '.deb' : '.rpm';
    refuse('has Holdfast as a package', `Send the ${kind} of this version: --package FILE.`);
  }
}

/** What is put in place of it would take it away for good. */
function demandOurTree(
  { there, installed, packagedBy, unpacked }: Survey,
  refuse: (what: string, instead: string) => never,
): void {
  const isListed = installed?.steps.some(({ at }) => at === PROGRAM_TREE) === true;
  if (!there.has(PROGRAM_TREE) || isListed || packagedBy !== undefined) return;
  if (unpacked !== undefined) return; // Of an enrolment whose list is lost.
  refuse(`has a ${PROGRAM_TREE} that Holdfast did not put there`, 'Move it elsewhere first.');
}

/** By its numbers; what stands behind them makes no version older. */
export function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(/[^0-9]+/, 4).map(Number));
  for (const at of [0, 1, 2]) {
    const [one, other] = [a?.[at] ?? 0, b?.[at] ?? 0];
    if (one !== other) return one < other;
  }
  return false;
}

function isLibcNewEnough(libc: string): boolean {
  const [, major = 0, minor = 0] = (/^glibc ([0-9]+)\.([0-9]+)/.exec(libc) ?? []).map(Number);
  return major > GLIBC_FLOOR.major || (major === GLIBC_FLOOR.major && minor >= GLIBC_FLOOR.minor);
}
