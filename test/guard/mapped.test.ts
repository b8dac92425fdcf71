// Goal: a file that a program writes to by memory alone, its descriptor closed, counts as in use.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { openBelow } from '../../src/adapters/node/open-below.ts';
import { byteString } from '../../src/base/bytes.ts';
import { needs } from '../run/needs.ts';

const PROGRAM = `
import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
for name, prot, flags in (('shared', 3, 1), ('private', 3, 2), ('read', 1, 1)):
    file = os.open(os.path.join(os.fsencode(sys.argv[1]), name.encode() + b'\\n'), os.O_RDWR)
    libc.mmap(None, 4096, prot, flags, file, 0)
    os.close(file)
print('ready', flush=True)
sys.stdin.readline()
`;

test('a file that is mapped for writing and closed is open for writing; no other is', async (t) => {
  if (!needs(t, 'python3')) return;
  const dir = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'hf-mapped-')));
  t.after(() => fs.rmSync(dir, { recursive: true }));
  for (const name of ['shared', 'private', 'read']) {
    fs.writeFileSync(path.join(dir, `${name}\n`), Buffer.alloc(4096));
  }
  const writer = spawn('python3', ['-c', PROGRAM, dir], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(() => writer.kill());
  await once(writer.stdout, 'data', { signal: AbortSignal.timeout(60_000) });
  const found = openBelow(byteString(dir)).map(({ path: at, isWriting }) => [at, isWriting]);
  assert.deepEqual(found, [[`${dir}/shared\n`, true]]);
});
