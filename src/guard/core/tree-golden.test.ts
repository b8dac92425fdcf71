// Goal: marker, installation and registry are the bytes that docs/format/tree-marker.md describes.
// Method: files made by another program from the document alone (test/golden/trees/oracle.py): they
// are read, and written again to the same bytes.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { installText, markerText, parseInstall, parseMarker } from './tree-marker.ts';
import { parseRegistry, registryText } from './tree-registry.ts';

const GOLDEN = path.join(import.meta.dirname, '../../../test/golden/trees');
const read = (name: string): string => fs.readFileSync(path.join(GOLDEN, name), 'utf8');

test('a marker', () => {
  const text = read('marker.json');
  const marker = parseMarker(text);
  assert.ok(marker !== undefined);
  assert.deepEqual([marker.role, marker.generation], ['source', 3]);
  assert.equal(markerText(marker), text);
});

test('an installation, with and without what carries it', () => {
  for (const name of ['install.json', 'install-hardware.json']) {
    const text = read(name);
    const install = parseInstall(text);
    assert.ok(install !== undefined);
    assert.equal(installText(install), text);
  }
});

test('a registry, with a place that is no UTF-8', () => {
  const text = read('registry.json');
  const entry = parseRegistry(text);
  assert.ok(entry !== undefined);
  assert.deepEqual(
    entry.places.map(({ place }) => String(place)),
    ['/srv/h\xc3\xb6he', '/srv/\xff', '/srv/www'],
  );
  assert.equal(registryText(entry), text);
});
