import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { byteString } from '../../base/bytes.ts';
import { listTree } from './list-tree.ts';
import { parseTreePlace } from './tree-place.ts';

// Goal: a listing is whole, however slowly it is read. Method: a sort that gives the most of it later,
// and ends while nobody reads, as beside the listing of a slow host.

const SORT = `#!/bin/sh
kept=$(mktemp)
PATH=\${PATH#*:} sort "$@" > "$kept"
head -c 4096 "$kept"
sleep 0.3
tail -c +4097 "$kept"
rm "$kept"
`;

test('what is read long after the program has ended is all of it', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'hf-list-'));
  try {
    const [programs, tree] = [path.join(dir, 'bin'), path.join(dir, 'tree')];
    for (const each of [programs, tree]) fs.mkdirSync(each);
    fs.writeFileSync(path.join(programs, 'sort'), SORT, { mode: 0o755 });
    const count = 800;
    for (let n = 0; n < count; n++) fs.writeFileSync(path.join(tree, `file-${n}`), '');
    const place = parseTreePlace(byteString(tree), (each) => each);
    const environment = { ...process.env, PATH: `${programs}:${process.env.PATH ?? ''}` };
    const listing = listTree({ place, environment, mayAsk: false });
    let seen = 0;
    for (;;) {
      const { done } = await listing.next();
      if (done === true) break;
      seen += 1;
      // Meanwhile it writes the rest and ends; were it slower, this would show nothing.
      if (seen === 1) await setTimeout(1500);
    }
    assert.equal(seen, count);
  } finally {
    fs.rmSync(dir, { recursive: true });
  }
});
