// Goal: names of what is in a snapshot are shown to those who may browse it, and to nobody else.
// Method: the page of one restore, read with that right and without.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sampleShown } from '../../test/web/sample.ts';
import { byteString } from '../base/bytes.ts';
import { jobPage } from './job-page.ts';

test('who may not browse sees of a restore that it is one, and none of its paths', () => {
  const shown = sampleShown();
  const [job] = shown.jobs;
  assert.ok(job !== undefined);
  const facts = {
    job: { ...job, act: 'restore' as const, isOpen: false, state: 'done' as const },
    wants: {
      ...{ want: 'restore' as const, own: false, snapshot: 'a'.repeat(64) },
      ...{ paths: [byteString('salaries/2026')], place: '/srv/restored', name: 'back' },
    },
    answer: '{"target":"/srv/restored/back"}',
  };
  const pageOf = (mayBrowse: boolean): string =>
    jobPage({ ...shown, reader: { ...shown.reader, mayBrowse } }, facts);
  assert.match(pageOf(true), /salaries/);
  assert.doesNotMatch(pageOf(false), /salaries|srv\/restored/);
});
