// Goal: below a guest counts what its hypervisor caches, and how it was mounted there; what was not seen
// of it counts as the worst. Method: sights of a hypervisor and its guest, changed one by one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered, sightOf } from '../../../../test/look/host-sight-example.ts';
import { dataAt, DISCOVERY, fileSystemAt } from '../../../../test/watch/discovery-example.ts';
import { NOW } from '../../../../test/watch/estate-arbitrary.ts';
import { byteString } from '../../../base/bytes.ts';
import type { FileSystem } from '../discovery.ts';
import { type Guest, type HostLook, VIRTUALIZATION_UNSEEN } from './host-sight.ts';
import { manyEstateOf } from './look-estate.ts';

const IMAGE = byteString('/srv/images/web1.qcow2');
const VIRTUAL = { ...sightOf('web1').machine, virtualization: 'kvm' };

interface Below {
  readonly guests?: readonly Guest[];
  readonly fs?: Partial<FileSystem>;
}

function guest(cache: string | undefined, change: Partial<Guest> = {}): Guest {
  return {
    ...{ name: 'web1', state: 'running', startsByItself: true },
    images: [{ path: IMAGE, cache, format: 'qcow2' }],
    ...change,
  };
}

function hypervisor({ guests = [], fs = {} }: Below): HostLook {
  const data = [dataAt(IMAGE, { kind: 'image' })];
  const discovery = {
    ...DISCOVERY,
    host: 'hv1',
    data,
    fileSystems: [fileSystemAt('/', fs)],
    notSeen: [],
  };
  const disks = discovery.disks.map((disk) => ({ ...disk, writeCache: 'write back' as const }));
  return answered('hv1', { discovery: { ...discovery, disks }, guests });
}

function heldOf(name: string, looks: readonly HostLook[]) {
  const set = manyEstateOf(looks, NOW).estate.dataSets.find((each) => each.name === name);
  assert.ok(set !== undefined, name);
  return set.unflushed;
}

const WWW = 'web1:/srv/www';
const web1 = answered('web1', { machine: VIRTUAL });
const www = (below: Below) => heldOf(WWW, [web1, hypervisor(below)]);
const figure = (of: { readonly atMostMs: number | undefined; readonly isKnown: boolean }) => [
  of.atMostMs,
  of.isKnown,
];

test('a guest: every cache mode but one lets through what it flushes', () => {
  for (const mode of [undefined, 'none', 'writeback', 'writethrough', 'directsync']) {
    assert.deepEqual(figure(www({ guests: [guest(mode)] })), [40_000, true], mode);
  }
  const unsafe = www({ guests: [guest('unsafe')] });
  assert.deepEqual(
    [figure(unsafe), figure(unsafe.crash)],
    [
      [undefined, true],
      [0, true],
    ],
  );
  assert.match(unsafe.parts[0] ?? '', /web1\.qcow2 on hv1 has cache=unsafe/);
});

test('a guest: the file system below counts too, and what was not seen of it is no bound', () => {
  const guests = [guest('none')];
  const bare = { writeOptions: ['nobarrier'] };
  assert.deepEqual(figure(www({ guests, fs: bare })), [undefined, true]);
  assert.deepEqual(figure(www({ guests, fs: { type: 'fuse.glusterfs', class: 'fuse' } })), [
    undefined,
    false,
  ]);
  assert.deepEqual(figure(www({ guests: [guest('none', { images: [] })] })), [undefined, false]);
  const alone = heldOf(WWW, [web1]);
  assert.deepEqual(figure(alone), [40_000, false], 'flushes are believed, and it is said');
  assert.match(alone.parts.join(), /hypervisor was not looked at/);
  assert.deepEqual(figure(heldOf(WWW, [answered('web1')])), [40_000, true], 'a machine of its own');
  const unseen = { ...VIRTUAL, virtualization: VIRTUALIZATION_UNSEEN };
  const perhaps = heldOf(WWW, [answered('web1', { machine: unseen })]);
  assert.deepEqual(figure(perhaps), [40_000, false], 'it may be a guest');
  assert.match(perhaps.parts.join(), /whether it is a guest was not seen/);
});

test('a database in a guest waits for its commits; without flushes below nothing is kept', () => {
  const database = 'web1:/var/lib/postgresql/15/main';
  const of = (mode: string) => heldOf(database, [web1, hypervisor({ guests: [guest(mode)] })]);
  assert.deepEqual(figure(of('none')), [0, true]);
  assert.deepEqual(figure(of('unsafe')), [undefined, true]);
});

test('an image holds what its guest wrote: the memory of the guest is not in it', () => {
  const image = `hv1:${IMAGE}`;
  const of = (looks: readonly HostLook[]) => heldOf(image, looks);
  const below = hypervisor({ guests: [guest('none')] });
  const seen = of([web1, below]);
  // It also has data on a network mount, or on whatever else lies apart: the widest counts.
  assert.deepEqual(
    [figure(seen), figure(seen.crash)],
    [
      [40_000, true],
      [40_000, true],
    ],
  );
  assert.match(seen.parts.join(), /in guest web1/);
  assert.deepEqual(figure(of([below])), [undefined, false], 'the guest was not looked at');
  assert.deepEqual(figure(of([web1, hypervisor({ guests: [guest('unsafe')] })])), [
    undefined,
    true,
  ]);
  assert.deepEqual(figure(of([hypervisor({})])), [40_000, true], 'no guest has it: a file');
});

test('an expired look says nothing of it', () => {
  const old = { ...DISCOVERY, host: 'web1', seenAt: (NOW - 90_000_000) as typeof NOW, notSeen: [] };
  assert.deepEqual(figure(heldOf(WWW, [answered('web1', { discovery: old })])), [undefined, false]);
});
