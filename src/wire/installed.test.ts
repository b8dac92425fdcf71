// Goal: the list of what was installed is what its document says, byte by byte, and no list makes a
// removal reach for what is not ours. Method: the document's own example; lists that were tampered with.
import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { listText } from '../main/enroll/step-scripts.ts';
import { installedSchema } from './installed.ts';

const DOCUMENT = path.resolve(import.meta.dirname, '../../docs/format/installed.md');
const EXAMPLE = /```json\n([\s\S]+?)```/.exec(fs.readFileSync(DOCUMENT, 'utf8'))?.[1] ?? '';

test('the example of the document is read, and written as it stands', () => {
  assert.equal(listText(installedSchema.parse(JSON.parse(EXAMPLE))), EXAMPLE);
});

test('a list that names what is not ours is refused', () => {
  const list = installedSchema.parse(JSON.parse(EXAMPLE));
  for (const step of [
    { do: 'tree', at: '/' },
    { do: 'tree', at: '/etc' },
    { do: 'tree', at: '/opt/holdfast/../../etc' },
    { do: 'tree', at: '/opt/holdfast; rm' },
    { do: 'file', at: '/etc/passwd' },
    { do: 'file', at: 'etc/holdfast' },
    { do: 'link', at: '/usr/local/bin/other' },
    { do: 'user', at: '-r' },
    { do: 'unit', at: 'a b' },
    { do: 'package', at: 'holdfast', by: 'sh' },
    { do: 'command', at: '/opt/holdfast' },
  ]) {
    const parsed = installedSchema.safeParse({ ...list, steps: [step] });
    assert.ok(!parsed.success, JSON.stringify(step));
  }
  const twice = [...list.steps, ...list.steps];
  assert.ok(!installedSchema.safeParse({ ...list, steps: twice }).success);
});
