// Goal: the guide tells to type what the host understands: a data set by the name that it has there, and the tool
// that keeps it.
// Method: the invented estate with one data set that was never drilled.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { sampleShown } from '../../test/web/sample.ts';
import { byteString } from '../base/bytes.ts';
import type { DataSetView } from '../watch/core/exposure/view.ts';
import { guidePart } from './guide.ts';

const shown = sampleShown();

function lineOfDrill(name: string, vault: string): string {
  assert.ok(shown.exposure !== undefined);
  const kept = shown.exposure.dataSets.find(({ best, pointCount }) => best && pointCount > 0);
  assert.ok(kept?.best !== undefined);
  const set: DataSetView = {
    ...{
      ...kept,
      name,
      places: [{ host: 'web1', path: byteString('/srv/www'), beneath: undefined }],
    },
    best: { ...kept.best, vault, isProven: false },
  };
  const exposure = { ...shown.exposure, dataSets: [set] };
  const { markup } = guidePart({ ...shown, exposure });
  const lines = [...markup.matchAll(/<span class="typed">(.*?)<\/span>/g)].map(([, line]) => line);
  return lines.findLast((line) => line !== undefined) ?? '';
}

test('a data set is drilled by the name that its host has for it, and not by where it lies', () => {
  assert.equal(lineOfDrill('web1:wiki', 'main of web1'), 'holdfast drill latest --data-set wiki');
  assert.equal(
    lineOfDrill('web1:/srv/www', 'main of web1'),
    'holdfast drill latest --data-set /srv/www',
  );
});

test('what a tool of the team keeps is drilled by that tool', () => {
  assert.equal(
    lineOfDrill('web1:/srv/www', 'restic:/srv/repo of web1'),
    'holdfast connect --refresh --drill',
  );
});

test('the vault is named on a machine that has no configuration yet', (t) => {
  assert.ok(shown.exposure !== undefined);
  const exposure = { ...shown.exposure, dataSets: [] };
  const { markup } = guidePart({ ...shown, exposure });
  const line = [...markup.matchAll(/<span class="typed">(.*?)<\/span>/g)]
    .map(([, typed = '']) => typed.replaceAll('&#39;', "'").replaceAll('&gt;', '>'))
    .map((typed) => typed.replaceAll('&amp;', '&'))
    .find((typed) => typed.includes('vault: '));
  assert.ok(line !== undefined, 'the line is there');
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-guide-'));
  t.after(() => fs.rmSync(root, { recursive: true }));
  execFileSync('sh', ['-c', line.replaceAll('/etc/holdfast', `${root}/etc/holdfast`)]);
  const written = fs.readFileSync(`${root}/etc/holdfast/holdfast.yaml`, 'utf8');
  assert.equal(written, 'vault: /srv/vault\n');
});
