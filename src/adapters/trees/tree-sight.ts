/** Reads what a tree and its host say of themselves: one small script, here or over ssh. */
import fs from 'node:fs';
import path from 'node:path';
import { type ByteString, byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { quoteWord } from '../../base/shell-word.ts';
import type { DurationMs } from '../../base/units.ts';
import { seconds } from '../../base/units.ts';
import { enrolledAt, type TreeSight } from '../../guard/core/eligibility.ts';
import { parseInstall, parseMarker, type TreeMarker } from '../../guard/core/tree-marker.ts';
import { parseRegistry, type TreeEntry } from '../../guard/core/tree-registry.ts';
import { bytesOfUtf8 } from '../../manifest/core/utf8.ts';
import { parseMountInfo } from '../discovery/mount-table.ts';
import { mountPointOf, mountTable } from '../node/mount-table.ts';
import { hardwareIdOf, machineIdOf } from '../node/machine-id.ts';
import { ChildLink } from '../ssh/child-link.ts';
import { nextBytes } from '../ssh/node-bytes.ts';
import { sshFailure } from '../ssh/ssh-failure.ts';
import { sshArguments, sshProgram } from '../ssh/ssh-link.ts';
import { rootLine, sayTreePlace, type TreePlace } from './tree-place.ts';

export interface ReadSight {
  readonly place: TreePlace;
  /** Of this host; over there it is looked for at its usual places. */
  readonly state: ByteString;
  /** Below the tree. */
  readonly mustExist: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Somebody sits there whom ssh may ask. */
  readonly mayAsk: boolean;
  readonly limit?: DurationMs;
}

export interface SeenTree extends TreeSight {
  /** With all symbolic links resolved; as it was given where it is not there. */
  readonly path: ByteString;
  /** Of the host where it lies. */
  readonly entries: readonly TreeEntry[];
}

const HEADER = 'holdfast-tree-sight/0';
const LIMIT = seconds(30);
/** Of somebody who may be typing a password. */
const LIMIT_ASKED = seconds(150);
const ANSWER_SIZE_MAX = 64 * 1024 * 1024;

/** @throws Fault HF_SSH_..., HF_TREE_UNSEEN; nothing else */
export async function readTreeSight(asked: ReadSight): Promise<SeenTree> {
  const { place } = asked;
  const link = new ChildLink({ ...commandOf(asked), environment: asked.environment });
  link.input.end(Buffer.from(scriptOf(asked), 'latin1'));
  const limit = asked.limit ?? (asked.mayAsk ? LIMIT_ASKED : LIMIT);
  let isLate = false as boolean; // Set by a timer.
  const timer = setTimeout(() => {
    isLate = true;
    void link.stop();
  }, limit);
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for (;;) {
    const part = await nextBytes(link.output);
    if (part === undefined || sizeBytes > ANSWER_SIZE_MAX) break;
    sizeBytes += part.length;
    parts.push(part);
  }
  clearTimeout(timer);
  const text = Buffer.concat(parts).toString('latin1');
  const isWhole = text.includes(`${HEADER}\n`) && text.endsWith('\nend\n');
  if (isWhole) {
    await link.close();
    return parseSight(text, asked);
  }
  await link.stop();
  const end = await link.ended;
  if (isLate) throw unseen(place, `no answer came within ${limit / 1000} s`);
  if (place.at === undefined) throw unseen(place, 'the shell here did not run the script');
  if (text.includes(HEADER)) throw unseen(place, 'the answer ended in the middle');
  throw sshFailure({ place: place.at, end, wasUp: false });
}

function unseen(place: TreePlace, why: string): Fault {
  return new Fault('HF_TREE_UNSEEN', `could not look at ${sayTreePlace(place)}: ${why}`);
}

function commandOf({ place, mayAsk, environment }: ReadSight): {
  readonly program: string;
  readonly args: readonly string[];
  readonly isApart: boolean;
} {
  if (place.at === undefined) return { program: '/bin/sh', args: ['-s'], isApart: true };
  const { program, first } = sshProgram(environment);
  const request = { command: 'exec sh -s' };
  const args = [...first, ...sshArguments(place.at, { request, hasTerminal: mayAsk })];
  return { program, args, isApart: !mayAsk };
}

/** Each character a byte. */
function scriptOf({ place, state, mustExist }: ReadSight): string {
  const script = fs.readFileSync(path.join(import.meta.dirname, 'sight.sh'), 'latin1');
  const words = mustExist.map((each) => quoteWord(bytesOfUtf8(each)));
  return [
    rootLine(place),
    `state=${place.at === undefined ? quoteWord(state) : "''"}`,
    `set -- ${words.join(' ')}`,
    script,
  ].join('\n');
}

/** The last answer counts: a login shell may have greeted before. */
export function parseSight(text: string, asked: Pick<ReadSight, 'place' | 'mustExist'>): SeenTree {
  const lines = text.slice(text.lastIndexOf(`${HEADER}\n`)).split('\n');
  const all = (name: string): readonly string[] =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const there = unhex(all('path')[0] ?? '').replace(/\n$/, '');
  const real = byteString(there === '' ? asked.place.path : there);
  const entries = all('registry').flatMap((hex) => parseRegistry(unhex(hex)) ?? []);
  const must = all('must');
  const hardware = hardwareIdOf(unhex(all('hardware')[0] ?? ''));
  return {
    state: stateOf(all('state')[0]),
    path: real,
    entries,
    host: {
      machine: machineIdOf(unhex(all('machine')[0] ?? '')) ?? '',
      install: parseInstall(unhex(all('install')[0] ?? ''))?.install ?? '',
      ...(hardware === undefined ? {} : { hardware }),
    },
    mount: mountOf(real, all('mount').join('\n')),
    marker: markerOf(all('marker')[0]),
    registered: enrolledAt(entries, real),
    sentinels: asked.mustExist.map((name, at) => ({ name, ok: must[at] === '1' })),
  };
}

function stateOf(word: string | undefined): TreeSight['state'] {
  return word === 'directory' || word === 'other' || word === 'absent' ? word : 'unreadable';
}

function markerOf(said: string | undefined): TreeMarker | 'none' | 'invalid' {
  if (said === undefined) return 'none';
  return parseMarker(unhex(said)) ?? 'invalid';
}

function unhex(hex: string): string {
  return Buffer.from(hex, 'hex').toString('latin1');
}

/** `ext4 at /srv`; of a network file system what it is mounted from as well. */
function mountOf(real: ByteString, mountinfo: string): string {
  const seen = mountTable(mountinfo);
  const point = mountPointOf(seen, real);
  const mount = seen.get(point);
  if (mount === undefined) return '';
  const line = parseMountInfo(mountinfo).findLast((each) => each.mountPoint === point);
  const device = mount.isRemote && line !== undefined ? ` from ${line.device}` : '';
  return `${mount.fsType} at ${point}${device}`;
}
