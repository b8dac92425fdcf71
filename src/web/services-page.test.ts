// Goal: of a service whose data sets nobody saw, no page says that nothing of it would be lost.
// Method: a service of the invented estate with no failure that is known, its data sets seen and not.
import assert from 'node:assert/strict';
import test from 'node:test';
import { sampleShown } from '../../test/web/sample.ts';
import type { ServiceView } from '../watch/core/exposure/view.ts';
import { servicePage, servicesPage } from './services-page.ts';

const shown = sampleShown();

function pagesOf(change: Partial<ServiceView>): readonly string[] {
  const { exposure } = shown;
  const [first] = exposure?.services ?? [];
  assert.ok(exposure !== undefined && first !== undefined);
  const service: ServiceView = { ...first, worst: undefined, survives: undefined, ...change };
  const of = { ...shown, exposure: { ...exposure, services: [service] } };
  const main = (page: string): string => page.slice(page.indexOf('<main'), page.indexOf('</main>'));
  return [main(servicesPage(of)), main(servicePage(of, service))];
}

test('what was not seen is unknown, and not lost to nothing', () => {
  for (const change of [{ dataSets: [], unseen: ['wiki-db'] }, { unseen: ['wiki-db'] }]) {
    for (const page of pagesOf(change)) {
      assert.match(page, /<span class="bad dim">unknown<\/span>/);
      assert.doesNotMatch(page, /nothing lost|No single failure that is known/);
    }
  }
});

test('where all of it was seen, that no failure is known is said', () => {
  for (const page of pagesOf({ unseen: [] })) assert.match(page, /No single failure that is known/);
});
