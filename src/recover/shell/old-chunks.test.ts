// Goal: who says that a file has chunks without number costs no memory without number.
// Method: a real file; more chunks than any file may be told by, each of one byte.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { nodeSource } from '../../adapters/node/source.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString, digestOfBytes } from '../../base/bytes.ts';
import type { PlacedChunk } from '../../manifest/core/list.ts';
import { OldChunks } from './old-chunks.ts';

const TOLD = 600_000;
const LOOKED_AT = 500_000;

for (const cut of ['gear-1', 'fixed-131072'] as const) {
  test(`${cut}: of too many chunks the first are looked at`, () => {
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-old-chunks-'));
    const source = nodeSource();
    try {
      fs.writeFileSync(path.join(dir, 'old'), Buffer.alloc(TOLD, 'old'));
      let seen = 0;
      const chunks = function* (): Generator<PlacedChunk> {
        for (; seen < TOLD; seen++) {
          const digest = digestOfBytes(byteString(String(seen % 1000).padStart(32, '.')));
          yield { offset: BigInt(seen), length: 1, digest };
        }
      };
      const top = source.openRoot(byteString(dir));
      const file = source.openFile(top, byteString('old'));
      const old = new OldChunks({ source, tools: nodeTools() }, file, { cut, chunks: chunks() });
      source.closeFile(file);
      source.closeDir(top);
      assert.ok(seen <= LOOKED_AT, `${seen} of ${TOLD}`);
      assert.ok(!old.has(digestOfBytes(byteString('.'.repeat(31) + '0'))));
    } finally {
      fs.rmSync(dir, { recursive: true });
    }
  });
}
