// Goal: what ssh says becomes the Fault that tells what to do. Method: what OpenSSH 9.2 and 10.0
// said, word by word; that they say it is tested in test/ssh/sshd-faults.test.ts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../base/bytes.ts';
import type { FaultCode } from '../../base/fault.ts';
import { sshFailure } from './ssh-failure.ts';

const place = { user: 'me', host: 'far', port: 7, path: byteString('/x') };
const fails = (stderrTail: string, code: number | 'signal' = 255, wasUp = false) => {
  const end = { code: code === 'signal' ? undefined : code, stderrTail };
  return sshFailure({ place, end, wasUp });
};

const SAID: readonly (readonly [FaultCode, string])[] = [
  ['HF_SSH_HOST_UNKNOWN', 'ssh: Could not resolve hostname far: Name or service not known\r\n'],
  ['HF_SSH_UNREACHABLE', 'ssh: connect to host far port 7: Connection refused\r\n'],
  ['HF_SSH_UNREACHABLE', 'ssh: connect to host far port 7: No route to host\r\n'],
  ['HF_SSH_UNREACHABLE', 'Connection timed out during banner exchange\r\n'],
  ['HF_SSH_UNREACHABLE', 'kex_exchange_identification: Connection closed by remote host\r\n'],
  ['HF_STORE_LINK_LOST', 'Connection closed by 10.0.0.1 port 7\r\n'],
  ['HF_SSH_DENIED', 'me@far: Permission denied (publickey,password).\r\n'],
  [
    'HF_SSH_HOST_KEY_UNKNOWN',
    'No ED25519 host key is known for far and you have requested strict checking.\r\nHost key verification failed.\r\n',
  ],
  [
    'HF_SSH_HOST_KEY_CHANGED',
    '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\r\nHost key verification failed.\r\n',
  ],
  ['HF_SSH_FAILED', 'subsystem request failed on channel 0\r\n'],
  ['HF_SSH_FAILED', 'bash: line 1: /opt/holdfast: Permission denied\n'],
];

for (const [code, said] of SAID) {
  test(`${code} from ${JSON.stringify(said.slice(0, 40))}`, () => {
    const fault = fails(said);
    assert.equal(fault.code, code);
    const last = said.trim().split('\r\n').at(-1) ?? '';
    assert.ok(fault.message.endsWith(`: ${last}`), fault.message);
    assert.doesNotMatch(fault.remedy, /\{/);
  });
}

test('a link that was up is lost, whatever is said', () => {
  const fault = fails('Timeout, server far not responding.\r\n', 255, true);
  assert.equal(fault.code, 'HF_STORE_LINK_LOST');
  assert.equal(
    fault.message,
    'the connection to me@far broke: Timeout, server far not responding.',
  );
  assert.equal(fails('', 0, true).message, 'the connection to me@far broke');
});

test('behind a jump host that failed, why that one did is said', () => {
  const fault = fails(
    'me@jump: Permission denied (publickey).\r\nConnection closed by UNKNOWN port 65535\r\n',
  );
  assert.equal(fault.code, 'HF_SSH_DENIED');
  assert.match(fault.message, /: me@jump: Permission denied \(publickey\)\.$/);
  assert.match(fails('Connection closed by UNKNOWN port 65535\n').message, /65535$/);
});

test('an end without a word says how it ended', () => {
  assert.match(fails('').message, /ssh ended with 255$/);
  assert.match(fails('', 'signal').message, /ssh was ended$/);
  assert.match(fails('', 127).message, /cannot be run there/);
  assert.match(fails('', 64).message, /failed \(it ended with 64\)$/);
});

test('what it says cannot draw on the terminal', () => {
  assert.match(fails('\u001b[2Jboo\u0007\n').message, /: boo\\x07$/);
});
