// Goal: a host is asked for what another wrote only where the configuration names it as a restore host; who
// cannot be asked is named with what to do.
// Method: three hosts, every way to ask.
import assert from 'node:assert/strict';
import test from 'node:test';
import { type FilesHost, readerOf, type ReaderAsked } from './reader-of.ts';

const hostOf = (host: string): FilesHost => ({ host, may: 'content', places: [] });
const HOSTS = ['rs1', 'web1', 'db1'].map(hostOf);
const heard = { silentFor: undefined };
const ENROLLED = new Map<string, { readonly silentFor: string | undefined }>([
  ...['rs1', 'web1', 'db1', 'old1'].map((name) => [name, heard] as const),
  ['gone1', { silentFor: '3 h' }] as const,
]);

function ask(change: Partial<ReaderAsked>, hosts: readonly FilesHost[] = HOSTS): string {
  const found = readerOf(hosts, { enrolled: ENROLLED, restoreHosts: ['rs0', 'rs1'], ...change });
  if ('none' in found) return `${found.none.why} | ${found.none.instead}`;
  return `${found.reader.host}${found.reader.own ? ', its own' : ', all'}`;
}

test('the first restore host that asks, else the host itself', () => {
  assert.equal(ask({}), 'rs1, all');
  assert.equal(ask({ host: 'web1' }), 'rs1, all');
  assert.equal(ask({ host: 'web1', restoreHosts: [] }), 'web1, its own');
  assert.equal(ask({ host: 'web1' }, HOSTS.slice(1)), 'web1, its own');
  assert.equal(ask({ restoreHosts: [] }), 'db1, its own');
});

test('who is named answers for itself, and a restore host for all', () => {
  assert.equal(ask({ through: 'web1' }), 'web1, its own');
  assert.equal(ask({ through: 'web1', host: 'web1' }), 'web1, its own');
  assert.equal(ask({ through: 'rs1', host: 'db1' }), 'rs1, all');
  assert.match(ask({ through: 'web1', host: 'db1' }), /no restore host.*restore-hosts: \[web1\]/);
});

test('who cannot be asked is named, with what to do', () => {
  assert.match(ask({ through: 'gone1' }), /silent for 3 h.*holdfast-agent/);
  assert.match(ask({ through: 'old1' }), /does not answer.*files: \{read: content/);
  assert.match(ask({ through: 'nobody' }), /no host is called nobody.*holdfast enroll nobody/);
  assert.match(ask({ restoreHosts: [] }, []), /rs1 does not answer/);
  assert.match(ask({ restoreHosts: [], enrolled: new Map() }, []), /no host is enrolled/);
});
