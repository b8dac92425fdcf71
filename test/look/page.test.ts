// Goal: the page says what the terminal says, as of when, and holds whatever hosts send.
// Method: pages made of the fixture, read back as text; the same with every string hostile, whose
// tags must be those of the harmless page; contrast computed from the colours themselves.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { unixMs } from '../../src/base/units.ts';
import type { LookAnswer } from '../../src/watch/core/look/answer.ts';
import { renderLookPage } from '../../src/watch/core/look/page-look.ts';
import { SCRIPT, SCRIPT_SHA256 } from '../../src/watch/core/look/page-script.ts';
import { STYLE, STYLE_SHA256, THEMES } from '../../src/watch/core/look/page-style.ts';
import { lookAnswerOf } from '../../src/watch/core/look/answer-of.ts';
import { NOW } from '../watch/estate-arbitrary.ts';
import { failed, FIVE as MOCKED, looked } from '../watch/look-example.ts';
import { data, FIVE, hostAnswer, hostile } from './answer-fixture.ts';

const bodyOf = (page: string): string =>
  page.slice(page.indexOf('<header'), page.lastIndexOf('<script>'));

const tagsOf = (page: string): readonly string[] => bodyOf(page).match(/<[^>]*>/g) ?? [];

const textOf = (page: string): string =>
  bodyOf(page)
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');

test('sentence first, then machines worst first, then the sections in the order of the terminal', () => {
  const text = textOf(renderLookPage(FIVE));
  const order = [
    'As of Fri 20 Nov 2026, 17:20 UTC',
    'It holds until Sat 21 Nov 2026, 17:20 UTC ; then all of it is unknown.',
    'degraded hv2: it has run on one disk of two',
    'If one machine died now, st1 would hurt most',
    '6 machines: 4 seen whole, 1 seen in part, 1 not seen',
    'Not as it should be',
    'hv2',
    'dl1',
    'Works',
    'st1',
    'Loses all of /srv/images, 3.6 TiB',
    'Single points of failure',
    'In no recovery point that was opened',
    'Backups found and not opened',
    'holdfast connect borg ssh://st1/srv/borg',
    'Shared fate',
    'Worth a change',
    'mount -o remount,barrier /srv',
    'Not seen',
  ];
  let at = 0;
  for (const words of order) {
    const found = text.indexOf(words, at);
    assert.ok(
      found >= at,
      `"${words}" stands after what precedes it in: ${text.slice(at, at + 400)}`,
    );
    at = found;
  }
});

test('since when and why not are said once', () => {
  const looks = [...MOCKED.map(looked), failed('ci1')];
  const text = textOf(renderLookPage(lookAnswerOf(looks, { now: NOW })));
  assert.equal(text.split('has run on 1 of 2 disks').length, 3, 'in the band and beside its host');
  assert.doesNotMatch(text, / since \S[^;]{0,30} since /);
  const row = text.slice(text.indexOf('ci1 '), text.indexOf('Single points'));
  assert.equal(row.split('no connection within 10 s').length, 2, row);
});

test('it names its language, and its times as a machine reads them', () => {
  const page = renderLookPage(FIVE);
  assert.match(page, /^<!doctype html>\n<html lang="en">/);
  assert.match(page, /<time class="nw" datetime="2026-11-20T17:20:00.000Z">/);
});

test('where no look counts any more, it is stale when it is written', () => {
  for (const expiresAt of [undefined, FIVE.answeredAt, unixMs(FIVE.answeredAt - 1)]) {
    assert.match(renderLookPage({ ...FIVE, expiresAt }), /<html lang="en" class="stale">/);
  }
});

test('it asks for nothing: no address in it, and a policy that lets only its own parts be', () => {
  const page = renderLookPage(FIVE);
  assert.doesNotMatch(page, /\b(?:src|srcset|action|data)=|url\((?!#)|@import|<link|<img|<iframe/);
  assert.doesNotMatch(page, /\shref="(?!#)/);
  const shaOf = (text: string): string => createHash('sha256').update(text).digest('base64');
  assert.equal(STYLE_SHA256, shaOf(STYLE), 'the style changed: this is its new digest');
  assert.equal(SCRIPT_SHA256, shaOf(SCRIPT), 'the script changed: this is its new digest');
  assert.ok(page.includes(`default-src 'none'; style-src 'sha256-${STYLE_SHA256}'`));
  assert.doesNotMatch(bodyOf(page), /\sstyle=|\son[a-z]+=/);
});

test('hostile names change no tag of the page, and none of their characters acts', () => {
  const harmless = renderLookPage(hostile(FIVE, 'name'));
  const payloads = [
    '</style></script><script>alert(1)</script><img src=x onerror=alert(1)>',
    '" onmouseover="alert(1)" x="',
    `' autofocus onfocus='alert(1)`,
    '&lt;script&gt;&#60;script&#62;',
    '\u001b]0;x\u0007\u202e\u2066\u200f\u0000\u0085\u2028',
    '<!-- --!> ]]> <![CDATA[',
    '{{alert(1)}} `',
  ];
  for (const payload of payloads) {
    const page = renderLookPage(hostile(FIVE, payload));
    assert.deepEqual(tagsOf(page).map(namesOf), tagsOf(harmless).map(namesOf), payload);
    assert.doesNotMatch(
      page,
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/,
    );
  }
});

/** A tag without the values of its attributes. */
const namesOf = (tag: string): string => tag.replaceAll(/="[^"]*"/g, '=');

test('twenty machines with a thousand data sets each stay below 200 kB', () => {
  const hosts = Array.from({ length: 20 }, (_, at) =>
    hostAnswer({
      host: `host${at}.example.org`,
      data: Array.from({ length: 1000 }, (_, nth) => data(`host${at}`, `/srv/data/${nth}`)),
    }),
  );
  const many = <T>(of: readonly T[]): readonly T[] => Array.from({ length: 400 }, () => of).flat();
  const answer: LookAnswer = {
    ...FIVE,
    hosts,
    unprotected: many(FIVE.unprotected),
    findings: many(FIVE.findings),
    notSeen: many(FIVE.notSeen),
  };
  const page = renderLookPage(answer);
  assert.ok(Buffer.byteLength(page) < 200_000, `${Buffer.byteLength(page)} bytes`);
  assert.match(textOf(page), /988 more in holdfast look --json/);
});

test('every colour of words has a contrast of 4.5 on what it stands on, every shape 3', () => {
  for (const [theme, text] of Object.entries(THEMES)) {
    const colours = new Map(
      [...text.matchAll(/--([a-z0-9-]+):(#[0-9a-f]{3,6})/g)].map(([, name = '', value = '']) => [
        name,
        value,
      ]),
    );
    const contrast = (one: string, on: string): number =>
      contrastOf(colours.get(one) ?? '', colours.get(on) ?? '');
    for (const on of ['paper', 'sunken', 'unknown-wash']) {
      for (const word of ['ink', 'ink-2', 'ink-3', 'ok', 'degraded', 'failed', 'unknown']) {
        assert.ok(
          contrast(word, on) >= 4.5,
          `${theme}: ${word} on ${on} has ${contrast(word, on)}`,
        );
      }
    }
    for (const shape of ['ok', 'degraded-fill', 'failed-fill', 'unknown', 'edge', 'focus']) {
      if (!colours.has(shape)) continue;
      assert.ok(
        contrast(shape, 'paper') >= 3,
        `${theme}: ${shape} has ${contrast(shape, 'paper')}`,
      );
    }
    assert.ok(contrast('glyph-cut', 'failed-fill') >= 3 && contrast('glyph-cut', 'ok') >= 3, theme);
    assert.ok(contrast('on-degraded', 'degraded-fill') >= 3, theme);
  }
});

/** WCAG 2.2, 1.4.3. */
function contrastOf(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminanceOf(one), luminanceOf(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminanceOf(hex: string): number {
  const full = hex.length === 4 ? hex.replaceAll(/[0-9a-f]/g, '$&$&') : hex;
  assert.match(full, /^#[0-9a-f]{6}$/);
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(full.slice(at, at + 2), 16) / 255;
    return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
