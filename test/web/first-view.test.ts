// Goal: a page stays small, however much there is: its first view is under 100 kB with a thousand hosts and
// long names. Method: the pages of the sample, with every list of it many times over.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { webFiles } from '../../src/adapters/http/web-files.ts';
import { changesPage } from '../../src/web/changes-page.ts';
import { frontPage } from '../../src/web/front-page.ts';
import type { ChangeShown, Shown } from '../../src/web/shown.ts';
import { samplePages } from './sample-pages.ts';
import { AT, sampleShown } from './sample.ts';

const BYTES_MAX = 100_000;
const TIMES = 250;
const LONG = 'srv/customers/of-a-name-that-is-not-short/data';

/** Each of them again and again, under another name. */
function often<T>(items: readonly T[], named: (item: T, name: string) => T): readonly T[] {
  return Array.from({ length: TIMES }, (_, nth) => nth).flatMap((nth) =>
    items.map((item) => named(item, `${LONG}-${nth}`)),
  );
}

function large(): Shown {
  const shown = sampleShown();
  const { estate, exposure } = shown;
  assert.ok(exposure !== undefined);
  const hosts = often(estate.hosts, (host, name) => ({
    ...host,
    host: `${host.host}-${name.split('-').at(-1) ?? ''}`,
  }));
  return {
    ...shown,
    estate: { ...estate, hosts },
    alerts: often(shown.alerts, (each, name) => ({
      ...each,
      id: name,
      why: `${each.why} ${name}`,
    })),
    jobs: often(shown.jobs, (each, name) => ({ ...each, job: name, why: `${each.why} ${name}` })),
    coverage: often(shown.coverage, (each, name) => ({
      ...each,
      path: `${each.path}/${name}` as typeof each.path,
    })),
    findings: often(shown.findings, (each, name) => ({
      ...each,
      subject: name,
      sentence: `${each.sentence} ${name}`,
    })),
    sights: often(shown.sights, (each, name) => ({ ...each, host: `${each.host}-${name}` })),
    exposure: {
      ...exposure,
      falls: often(exposure.falls, (fall, name) => ({
        ...fall,
        id: `${fall.id} ${name}`,
        domain:
          fall.domain.kind === 'host'
            ? { ...fall.domain, host: `${fall.domain.host}-${name.split('-').at(-1) ?? ''}` }
            : fall.domain,
      })),
      dataSets: [
        ...exposure.dataSets,
        ...often(exposure.dataSets, (set, name) => ({ ...set, name: `${set.name}-${name}` })),
      ],
      services: [
        ...exposure.services,
        ...often(exposure.services, (each, name) => ({ ...each, name: `${each.name}-${name}` })),
      ],
    },
  };
}

test('the first view of every page is under 100 kB, with as much as there may be', () => {
  const shown = large();
  assert.ok(shown.estate.hosts.length > 1000 && (shown.exposure?.dataSets.length ?? 0) > 1000);
  const changes = Array.from(
    { length: 300 },
    (_, nth): ChangeShown => ({
      ...{ host: `host-${nth}.example.org`, at: AT, notBefore: AT, topic: 'packages' },
      ...{ kind: 'changed', name: `${LONG}-${nth}`, before: LONG.repeat(4), after: LONG.repeat(4) },
    }),
  );
  const pages = new Map([
    ...samplePages(shown),
    ['/changes', changesPage(shown, { host: undefined, changes })] as const,
  ]);
  const tooLarge = [...pages].flatMap(([path, page]) => {
    const bytes = Buffer.byteLength(page);
    return bytes >= BYTES_MAX ? [`${path}: ${bytes}`] : [];
  });
  assert.deepEqual(tooLarge, []);
  const changed = pages.get('/changes') ?? '';
  assert.match(
    changed.replaceAll(/\s+/g, ' '),
    /\d+ more: <code>GET \/v1\/changes/,
    'it says what is left out',
  );
});

test('so is the front page with all that it needs', () => {
  const { style, script } = webFiles();
  const sum = [frontPage(large()), style.text, script.text].reduce(
    (all, text) => all + Buffer.byteLength(text),
    0,
  );
  assert.ok(sum < BYTES_MAX, `${sum} bytes`);
});
