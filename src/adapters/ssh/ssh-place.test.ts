// Goal: a place is what it says, comes back from its text, and can make ssh do nothing else.
// Method: examples; hosts and users that ssh or a shell behind it would take for something else.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import { sshByHand } from './ssh-host.ts';
import { sshArguments } from './ssh-link.ts';
import { isSshPlace, parseSshPlace, type SshPlace, sayPlace, sshPlaceText } from './ssh-place.ts';

const parse = (text: string) => parseSshPlace(byteString(text));

const GOOD: Readonly<Record<string, readonly [object, string?]>> = {
  'ssh://backup@far.example:2222/srv/vault': [
    { user: 'backup', host: 'far.example', port: 2222, path: '/srv/vault' },
  ],
  'ssh://far/srv//vault/./x/': [{ host: 'far', path: '/srv/vault/x' }, 'ssh://far/srv/vault/x'],
  'ssh://far/~/vault': [{ host: 'far', path: '~/vault' }],
  'ssh://a@b@far/x': [{ user: 'a@b', host: 'far', path: '/x' }],
  'ssh://[fd00::1%eth0]:22/x': [{ host: 'fd00::1%eth0', port: 22, path: '/x' }],
  'ssh://[::1]/x y%20\xff': [{ host: '::1', path: '/x y%20\xff' }],
};

for (const [text, [place, canonical = text]] of Object.entries(GOOD)) {
  test(`${JSON.stringify(text)} is a place`, () => {
    assert.ok(isSshPlace(text));
    assert.deepEqual(parse(text), place);
    assert.equal(sshPlaceText(parse(text)), canonical);
    assert.deepEqual(parse(sshPlaceText(parse(text))), place);
  });
}

const BAD = [
  ...['/srv/vault', 'ssh:/far/x', 'ssh://', 'ssh:///x', 'ssh://far', 'ssh://far/', 'ssh://far/~'],
  ...['ssh://-oProxyCommand=touch%20x/x', 'ssh://-l@far/x', 'ssh://-/x', 'ssh://@far/x'],
  ...['ssh://a;b@far/x', 'ssh://far;id/x', 'ssh://$(id)/x', 'ssh://`id`@far/x', 'ssh://far|id/x'],
  ...['ssh://a b/x', "ssh://a'b/x", 'ssh://f\x00r/x', 'ssh://f\nr/x', 'ssh://f\xe4r/x'],
  ...['ssh://user:secret@far/x', 'ssh://far:0/x', 'ssh://far:65536/x', 'ssh://far:/x'],
  ...['ssh://far:22a/x', 'ssh://[far]/x', 'ssh://[::1/x', 'ssh://::1/x', 'ssh://[-o::1]/x'],
  ...['ssh://far/../etc', 'ssh://far/a/../../b', 'ssh://far/~/../b', 'ssh://far/a\0b'],
];

for (const text of BAD) {
  test(`${JSON.stringify(text)} is none, and what to write is said`, () => {
    assert.throws(
      () => parse(text),
      (error) => error instanceof Fault && error.code === 'HF_SSH_PLACE' && error.remedy !== '',
    );
  });
}

test('whatever the place, what follows the options is one host and the subsystem', () => {
  const place: SshPlace = {
    user: '-oX',
    host: '-oProxyCommand=id',
    port: 5,
    path: byteString('/'),
  };
  const given = sshArguments(place, { request: { subsystem: 'sftp' }, hasTerminal: false });
  assert.deepEqual(given.slice(-3), ['--', '-oProxyCommand=id', 'sftp']);
  assert.equal(given[given.indexOf('-l') + 1], '-oX');
  assert.ok(given.includes('BatchMode=yes'));
  const asking = sshArguments(place, { request: { command: 'sh -s' }, hasTerminal: true });
  assert.ok(!asking.includes('BatchMode=yes'));
  assert.ok(!asking.includes('-s'));
  assert.deepEqual(asking.slice(-3), ['--', '-oProxyCommand=id', 'sh -s']);
});

test('people are shown the bytes of a path as text, and what to type', () => {
  const place = parse(`ssh://me@far:7/${Buffer.from('Büro', 'utf8').toString('latin1')}`);
  assert.equal(sayPlace(place), 'ssh://me@far:7/Büro');
  assert.equal(sshByHand(place), 'ssh -p 7 me@far');
});
