// Goal: of a large file only what changed crosses the line; what lies at the target is believed for what it is
// and not for what it was; sides of different age understand each other.
// Method: the real program on both sides, joined by pipes; figures of the conversation; an old side played
// by taking its words out.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { PROGRAM } from '../cli/run-cli.ts';
import { needs } from '../run/needs.ts';
import { type SyncPlace, syncPlace } from './sync-place.ts';

const MIB = 1 << 20;
const SIZE = 12 * MIB;

interface Joined {
  readonly place: SyncPlace;
  /** @returns bytes that crossed the line */
  readonly sync: (env?: Readonly<Record<string, string>>) => number;
  readonly file: string;
  readonly there: string;
}

function joined(t: TestContext, name = 'large'): Joined | undefined {
  if (!needs(t, 'rsync')) return undefined;
  const place = syncPlace(t);
  const ssh = path.join(place.dir, 'ssh');
  fs.writeFileSync(ssh, '#!/bin/sh\nfor a; do last=$a; done\nexec sh -c "$last"\n', {
    mode: 0o755,
  });
  const remote = `env HOLDFAST_STATE=${path.join(place.dir, 'far-state')} ${PROGRAM}`;
  const sync: Joined['sync'] = (more = {}) => {
    const env = { HOLDFAST_SSH: ssh, HOLDFAST_REMOTE: remote, ...more };
    const { code, said } = place.json([place.source, `other:${place.target}`, '--yes'], { env });
    assert.equal(code, 0, JSON.stringify(said.verdict));
    place.demandEqual();
    return said.done?.linkBytes ?? Number.POSITIVE_INFINITY;
  };
  const file = path.join(place.source, name);
  fs.writeFileSync(file, noise(SIZE, 'first'));
  return { place, sync, file, there: path.join(place.target, name) };
}

/** Bytes that do not compress, the same each time. */
function noise(size: number, seed: string): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at * 32 < size; at++) {
    blocks.push(createHash('sha256').update(`${seed} ${at}`).digest());
  }
  return Buffer.concat(blocks).subarray(0, size);
}

function overwrite(file: string, offset: number, size: number, seed: string): void {
  const bytes = fs.readFileSync(file);
  noise(size, seed).copy(bytes, offset);
  fs.writeFileSync(file, bytes);
}

function insert(file: string, offset: number, size: number, seed: string): void {
  const bytes = fs.readFileSync(file);
  fs.writeFileSync(
    file,
    Buffer.concat([bytes.subarray(0, offset), noise(size, seed), bytes.subarray(offset)]),
  );
}

test('changed in many places, and bytes put in: what crosses is what is new', (t) => {
  const given = joined(t);
  if (given === undefined) return;
  const { sync, file } = given;
  assert.ok(sync() > SIZE);
  for (let at = 0; at < 10; at++) overwrite(file, at * MIB + 300_000, 5000, `spread ${at}`);
  const spread = sync();
  assert.ok(spread > 50_000 && spread < 600_000, `${spread} bytes for 50 000`);
  insert(file, 5 * MIB, 200_000, 'put in');
  const put = sync();
  assert.ok(put > 200_000 && put < 600_000, `${put} bytes for 200 000`);
});

test('an image, cut at fixed offsets', (t) => {
  const given = joined(t, 'disk.img');
  if (given === undefined) return;
  const { sync, file } = given;
  sync();
  for (let at = 0; at < 10; at++) overwrite(file, at * MIB + 4096, 4096, `block ${at}`);
  const bytes = sync();
  assert.ok(bytes < 200_000, `${bytes} bytes for 40 960`);
});

test('what lies at the target by other means is used as well, and a lie is seen', (t) => {
  const given = joined(t);
  if (given === undefined) return;
  const { place, sync, file, there } = given;
  // Nobody has synced before: there is no base that both know, and equal pieces are found all the same.
  fs.copyFileSync(file, there);
  const config = path.join(place.dir, 'adopt.yaml');
  fs.writeFileSync(config, 'guard:\n  modes: { live: observe, radius: observe }\n');
  const args = [place.source, `other:${place.target}`, '--yes'];
  const env = {
    HOLDFAST_SSH: path.join(place.dir, 'ssh'),
    HOLDFAST_REMOTE: `env HOLDFAST_STATE=${path.join(place.dir, 'far-state')} ${PROGRAM}`,
  };
  place.json(args, { env });
  overwrite(file, 3 * MIB, 5000, 'once');
  const whole = sync();
  assert.ok(whole < 5 * MIB, `${whole} bytes: one piece or two`);
  // The target is no longer what it was given: what changed there is no piece of anything.
  overwrite(there, 6 * MIB, 5000, 'somebody else');
  fs.utimesSync(there, 1e9, 1e9);
  const healed = sync();
  assert.ok(healed < 5 * MIB, `${healed} bytes`);
});

test('an older near side is sent no word that it does not know', (t) => {
  const given = joined(t);
  if (given === undefined) return;
  const { place, sync, file } = given;
  sync();
  for (let at = 0; at < 10; at++) overwrite(file, at * MIB + 300_000, 5000, `old ${at}`);
  overwrite(file, 11 * MIB, 1000, 'end');
  // The frame keeps its length: white space in the place of the word.
  const older = path.join(place.dir, 'older');
  const filter = path.join(place.dir, 'filter.mjs');
  fs.writeFileSync(filter, FILTER);
  const lines = [
    '#!/bin/sh',
    'for a; do last=$a; done',
    `${process.execPath} ${filter} | sh -c "$last"`,
  ];
  fs.writeFileSync(older, `${lines.join('\n')}\n`, { mode: 0o755 });
  const bytes = sync({ HOLDFAST_SSH: older });
  assert.ok(bytes > 8 * MIB, `${bytes} bytes: pieces as a whole`);
});

const FILTER = `
process.stdin.on('data', (bytes) => {
  const at = bytes.indexOf('"tellsChunks":true');
  if (at >= 0) bytes.write('"tellsChunk_":null', at);
  process.stdout.write(bytes);
});
`;
