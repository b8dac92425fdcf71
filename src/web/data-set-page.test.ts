// Goal: what is the matter with the vault of its recovery points is said on the page of a data set, and on no other's.
// Method: the page of two data sets of the sample, with one finding.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sampleShown } from '../../test/web/sample.ts';
import { dataSetPage } from './data-set-page.ts';
import type { FindingShown } from './shown.ts';

test('a finding stands with the data sets that it is about', () => {
  const shown = sampleShown();
  const [one, other] = shown.exposure?.dataSets ?? [];
  assert.ok(one !== undefined && other !== undefined);
  const finding: FindingShown = {
    ...{ code: 'vault-set-back', section: 'trust', rank: 1, hosts: ['web1'], bytes: 0, owners: [] },
    ...{ subject: 'vault at web1:/v', sentence: 'was set back <b>', dataSets: [one.name] },
    ...{ fix: undefined, source: undefined, since: undefined },
  };
  const findings = [finding, { ...finding, dataSets: undefined, sentence: 'of nobody' }].map(
    ({ dataSets, ...rest }) => ({ ...rest, ...(dataSets === undefined ? {} : { dataSets }) }),
  );
  const with1 = dataSetPage({ ...shown, findings }, one);
  assert.match(with1, /was set back &lt;b&gt;/);
  assert.doesNotMatch(with1, /of nobody/);
  assert.doesNotMatch(dataSetPage({ ...shown, findings }, other), /was set back/);
});
