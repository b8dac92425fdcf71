// Goal: a run that asks indexes in place stores what one that loads them stores, byte for byte as much, in threads
// and in one body, with few changes and with so many that it loads them after all; every file can be read back.
// Method: real backups of one tree into a vault in a directory; the same changes into a copy of it by the old way.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { byteString } from '../../src/base/bytes.ts';
import type { BackupOutcome, VaultContents } from '../../src/vault/shell/backup-request.ts';
import { openHeldIds } from '../../src/vault/shell/held-ids.ts';
import { NAMES } from '../../src/vault/core/object-id.ts';
import { vaultReaderFrom } from '../../src/vault/shell/vault-objects.ts';
import {
  type CaptureFixture,
  captureFixture,
  NOTHING_YOUNG_MS,
} from '../capture/capture-fixture.ts';

const FILES = 120;
const MANY = 1_000_000;

/** @param done how many looks there were when it loaded all */
function inPlace(fixture: CaptureFixture, looksMax: number, done: number[]) {
  const { vault, line, disk, tools } = fixture.session;
  return async (): Promise<VaultContents> => {
    const { codec, hash } = tools;
    const root = byteString(join(fixture.dir, 'vault'));
    const ports = { disk, codec, hash, root, store: line.store, idsMin: 1, looksMax };
    const held = (await openHeldIds(ports)) ?? assert.fail('it can be asked in place');
    const load = held.load.bind(held);
    held.load = () => {
      done.push(1);
      return load();
    };
    const { readObject } = vaultReaderFrom(held.places(vault.keyring), tools, line.packs.readRange);
    return {
      ...{ ids: [], held, rebuilt: [] },
      loadPage: (digest) => codec.textOf(readObject({ kind: NAMES, digest })),
    };
  };
}

function fill({ tree }: CaptureFixture): void {
  for (let at = 0; at < FILES; at++) {
    fs.mkdirSync(join(tree, `d${at % 9}`), { recursive: true });
    fs.writeFileSync(join(tree, `d${at % 9}`, `f${at}`), `content ${at} `.repeat(20));
  }
}

/** Some are new, some hold what another holds already, one is held twice in what is new. */
function change({ tree }: CaptureFixture): void {
  for (let at = 0; at < 60; at++)
    fs.writeFileSync(join(tree, 'd1', `n${at}`), `content ${at + (at % 2) * 1000} `.repeat(20));
  for (const name of ['x', 'y']) fs.writeFileSync(join(tree, 'd2', name), 'the same in both');
}

async function changed(looksMax: number | undefined, threads: number) {
  await using fixture = await captureFixture();
  const loads: number[] = [];
  fill(fixture);
  await fixture.backup({ aheadMs: NOTHING_YOUNG_MS, threads });
  change(fixture);
  const ports = looksMax === undefined ? {} : { contents: inPlace(fixture, looksMax, loads) };
  const outcome: BackupOutcome = await fixture.backup({
    aheadMs: NOTHING_YOUNG_MS,
    threads,
    ports,
  });
  const entries = await fixture.entriesOf(outcome.roots[0]?.sha256 ?? assert.fail());
  for (const [path, entry] of entries) {
    if (entry.type !== 'file' || !/^d[12]\/[nxy]/.test(path)) continue;
    const bytes = await fixture.contentOf(entry);
    assert.equal(bytes.toString(), fs.readFileSync(join(fixture.tree, path), 'utf8'), path);
  }
  return { newBytes: outcome.newBytes, readInFull: outcome.readInFull, loads: loads.length };
}

for (const threads of [0, 2]) {
  test(`what is stored is the same however it is asked (${threads} threads)`, async () => {
    const { newBytes } = await changed(undefined, threads);
    assert.ok(newBytes > 30 * 240);
    const few = await changed(MANY, threads);
    assert.deepEqual(few, { newBytes, readInFull: [], loads: 0 });
    const many = await changed(5, threads);
    assert.deepEqual(many, { newBytes, readInFull: [], loads: 1 });
  });
}
