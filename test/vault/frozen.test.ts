// Goal: what is frozen does not change, whoever updates vectors: a changed byte of format 0 or 1 fails here.
// Method: the digests of all vectors and golden vaults stand in test/golden/frozen-1.txt, as sha256sum writes
// them. SNAP_UPDATE does not write it. A line is added with what is added to the format; one that is there is
// never changed after a release. docs/format/compatibility.md says what to do instead.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const GOLDEN = path.join(import.meta.dirname, '../golden');
const FROZEN = path.join(GOLDEN, 'frozen-1.txt');
/** Of what lies in a vault. What zstd makes is its own affair: another version may make other bytes. */
const FOLDERS = ['manifest', 'vault', 'vault-collect', 'vaults'];
const NOT_IN_A_VAULT = ['vault/copy-record', 'vault/damaged-packs'];

function linesNow(): readonly string[] {
  return FOLDERS.flatMap((folder) =>
    fs
      .readdirSync(path.join(GOLDEN, folder), { recursive: true, encoding: 'utf8' })
      .map((name) => `${folder}/${name}`),
  )
    .filter((name) => fs.statSync(path.join(GOLDEN, name)).isFile())
    .filter((name) => !NOT_IN_A_VAULT.includes(name))
    .sort()
    .map((name) => {
      const digest = createHash('sha256').update(fs.readFileSync(path.join(GOLDEN, name)));
      return `${digest.digest('hex')}  ${name}`;
    });
}

test('no vector and no golden vault was changed, left out or added without a word', () => {
  const frozen = fs.readFileSync(FROZEN, 'utf8').trimEnd().split('\n');
  assert.ok(frozen.length > 50);
  const now = linesNow();
  const gone = frozen.filter((line) => !now.includes(line));
  const added = now.filter((line) => !frozen.includes(line));
  assert.deepEqual(
    { gone, added },
    { gone: [], added: [] },
    'formats 0 and 1 are frozen: docs/format/compatibility.md, "What to do to change something"',
  );
});
