import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nodeCodec } from '../../adapters/node/codec.ts';
import { readSigners, signersOfKey } from './allowed-signers.ts';

// Goal: every form of line that ssh-keygen takes is read, and who is no person is told as such.

const KEY = 'AAAAC3NzaC1lZDI1NTE5AAAAIGJxNmC8O8yYd0NZ0m1jDq1sW0CqvKp1dM0m4h6zT5Qq';
const TEXT = `# who may approve
ann ssh-ed25519 ${KEY} ann@laptop
"bob,bob@example.org" namespaces="holdfast-approval@v1",valid-before="20300101" ssh-ed25519 ${KEY} a b
service:deploy ssh-ed25519 ${KEY}
ann,agent:claude ssh-ed25519 ${KEY}
*@example.org cert-authority sk-ssh-ed25519@openssh.com ${KEY} ca

nonsense
`;

test('lines are read with their principals, options, key and comment', () => {
  const { signers, unreadable } = readSigners(nodeCodec(), TEXT);
  assert.deepEqual(
    signers.map(({ name, kind, line, options, comment }) => [name, kind, line, options, comment]),
    [
      ['ann', 'person', 2, '', 'ann@laptop'],
      [
        ...['bob', 'person', 3],
        ...['namespaces="holdfast-approval@v1",valid-before="20300101"', 'a b'],
      ],
      ['service:deploy', 'service', 4, '', ''],
      ['ann', 'agent', 5, '', ''],
      ['*@example.org', 'nobody', 6, 'cert-authority', 'ca'],
    ],
  );
  assert.deepEqual(unreadable, [8]);
  const [ann] = signers;
  assert.ok(ann !== undefined);
  assert.equal(signersOfKey(signers, ann.key).length, 4, 'an authority is no signer itself');
});
