/** `holdfast agent show`: what this host shows its server, made now. docs/format/agent.md, `show`. */
import os from 'node:os';
import type { Readable } from 'node:stream';
import { nodeTools } from '../../adapters/node/tools.ts';
import { readHostMounts } from '../../adapters/probes/host-mounts.ts';
import { byteString, hexOf } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { UnixMs } from '../../base/units.ts';
import {
  FRAME_BYTES_MAX,
  FRAME_TEXT_BYTES_MAX,
  type ShowKind,
} from '../../watch/core/agent/messages.ts';
import { type LedgerReport, plainReport } from '../../watch/core/ledger-report.ts';
import type { HostSight } from '../../watch/core/look/host-sight.ts';
import type { PlansReport } from '../../watch/core/plans-report.ts';
import { type AnsweredLook, plainLook } from '../../watch/core/look/own-sight.ts';
import { ledgerReportText } from '../../wire/ledger-report.ts';
import { lineOf } from '../../wire/line-text.ts';
import { plansReportText } from '../../wire/plans-report.ts';
import { savedLookOf, savedLookText } from '../../wire/saved-look.ts';
import type { Cli } from '../cli/cli.ts';
import { lookAtThis } from '../look/look-at-this.ts';
import { withHostMounts } from './host-mounts-in.ts';
import { ledgerHere } from './ledger-here.ts';
import { plansHere } from './plans-here.ts';

/** It yields to whatever the host is there for. */
const NICE = 10;

export interface ShowsHere {
  readonly look: AnsweredLook;
  readonly report: LedgerReport;
  readonly frames: readonly Frame[];
}

export interface Frame {
  readonly kind: ShowKind;
  readonly bytes: Uint8Array;
  /** Of what matters in it. */
  readonly same: string;
}

export interface ShowOptions {
  /** The frame of a sight of this host, made lately: it is not looked at again. */
  readonly known?: Readable | undefined;
  /** For a server that reads nothing of what was added since. */
  readonly isPlain?: boolean;
}

/**
 * @throws Fault HF_LOOK_ANSWER, HF_LOOK_LATE where nothing was seen; HF_LOOK_TOO_LARGE
 */
export async function showHere(
  cli: Cli,
  { known, isPlain = false }: ShowOptions = {},
): Promise<ShowsHere> {
  yieldToOthers();
  const at = cli.clock.now();
  const seen = known === undefined ? await lookHere(cli) : await lookBefore(known);
  const look = isPlain ? plainLook(seen) : seen;
  const whole = await ledgerHere(cli, look.sight.discovery);
  const report = isPlain ? plainReport(whole) : whole;
  const { hash } = nodeTools();
  return {
    ...{ look, report },
    frames: [
      ...(known === undefined ? [sightFrame(look, at)] : []),
      frameOf('ledger', ledgerReportText(report, hash), steadyReport(report)),
    ],
  };
}

/** Which plans wait here, and what became of those that did. @throws Fault HF_LOOK_TOO_LARGE */
export async function plansFrame(cli: Cli): Promise<{
  readonly report: PlansReport;
  readonly frame: Frame;
}> {
  yieldToOthers();
  const report = await plansHere(cli);
  const text = plansReportText(report, nodeTools().hash);
  return { report, frame: frameOf('plans', text, { ...report, at: undefined }) };
}

async function lookHere(cli: Cli): Promise<AnsweredLook> {
  const look = await lookAtThis(cli);
  const table = readHostMounts();
  const isHosts = 'text' in table && table.isHosts;
  return isHosts ? withHostMounts(look, table.text) : look;
}

function sightFrame(look: AnsweredLook, at: UnixMs): Frame {
  const text = savedLookText({ at, looks: [fitting(look, at)] }, nodeTools().hash);
  return frameOf('sight', text, steadySight(look));
}

async function lookBefore(known: Readable): Promise<AnsweredLook> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of known as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > FRAME_BYTES_MAX) break;
    parts.push(part);
  }
  const { codec, hash } = nodeTools();
  const text = codec.textOf(codec.decompress(Buffer.concat(parts), FRAME_TEXT_BYTES_MAX));
  const read = savedLookOf(text, hash);
  const look = read.ok ? read.value.looks[0] : undefined;
  if (look?.kind === 'answered') return look;
  throw new Fault('HF_LOOK_ANSWER', 'this is no sight of this host', { host: '-', ssh: 'sh' });
}

function yieldToOthers(): void {
  try {
    os.setPriority(Math.max(NICE, os.getPriority()));
  } catch (error) {
    // Where that is not allowed it works as it is.
    if (!(error instanceof Error)) throw error;
  }
}

/** What is largest and matters least goes first; that it is missing is said. */
function fitting(look: AnsweredLook, at: UnixMs): AnsweredLook {
  const { hash } = nodeTools();
  const isFitting = (each: AnsweredLook): boolean =>
    savedLookText({ at, looks: [each] }, hash).length <= FRAME_TEXT_BYTES_MAX;
  if (isFitting(look)) return look;
  const cut = 'it is too large to be shown whole';
  const less: AnsweredLook = {
    ...look,
    sight: { ...look.sight, packages: undefined, units: [], adminKeys: [], ports: [], cut },
  };
  if (isFitting(less)) return less;
  throw new Fault('HF_LOOK_TOO_LARGE', 'what this host is is too large to be shown', {
    limit: '16 MiB',
  });
}

function frameOf(kind: ShowKind, text: string, steady: object): Frame {
  const { codec, hash } = nodeTools();
  const bytes = codec.compress(codec.bytesOf(byteString(text)));
  if (bytes.length > FRAME_BYTES_MAX || text.length > FRAME_TEXT_BYTES_MAX) {
    const message = `the ${kind} of this host is too large to be shown`;
    throw new Fault('HF_LOOK_TOO_LARGE', message, { limit: '4 MiB' });
  }
  return { kind, bytes, same: hexOf(hash.sha256Text(byteString(lineOf(steady)))) };
}

/** Without what changes all the while: sizes, free space, ages, when jobs ran. */
function steadySight({ sight }: AnsweredLook): object {
  const { discovery, machine, volumes, mounts, links, guests, gluster, containers }: HostSight =
    sight;
  const { ports, units, packages, adminKeys, automation, disks, webRoots, cut, besides } = sight;
  return {
    ...{ machine: { ...machine, bootedAt: undefined }, volumes, mounts, links, guests, gluster },
    // Those of connections come and go.
    ports: ports.filter(({ protocol }) => protocol === 'tcp'),
    ...{ containers, units, packages, adminKeys, automation, disks, webRoots, cut, besides },
    errors: sight.storageErrors.map(({ device, text }) => [device, text]),
    hardware: discovery.disks,
    data: discovery.data.map(({ path, kind, isComplete, place }) => [
      path,
      kind,
      isComplete,
      place,
    ]),
    backups: discovery.backups.map(({ tool, repository, jobPaths }) => [
      tool,
      repository,
      jobPaths,
    ]),
    notSeen: discovery.notSeen.map(({ what, why }) => [what, why]),
  };
}

function steadyReport({ estate, coverage, notSeen, host, openings, heads }: LedgerReport): object {
  return {
    ...{ host, notSeen, openings, heads },
    estate: {
      ...estate,
      dataSets: estate.dataSets.map(({ name, places }) => [name, places]),
      found: estate.found.map(({ tool, place }) => [tool, place]),
    },
    coverage: coverage.map(({ path, state }) => [path, state]),
  };
}
