// Goal: no planted secret, address or name survives in a text that is to be posted, wherever it stands and whatever
// stands beside it; the same thing gets the same placeholder; ordinary lines stay as they are.
// Method: lines as programs print them with drawn names, addresses and secrets in them, in any order.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Redactor } from './redact.ts';

const letters = (min: number, max: number): fc.Arbitrary<string> =>
  fc.stringMatching(new RegExp(`^[b-hj-z]{${min},${max}}[0-9]$`));
const ipv4 = fc
  .tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.integer({ min: 1, max: 254 }))
  .map((of) => of.join('.'))
  .filter((of) => !['127.0.0.1', '0.0.0.0'].includes(of));
const hex4 = fc.stringMatching(/^[0-9a-f]{4}$/);
const ipv6 = fc.oneof(
  fc.array(hex4, { minLength: 8, maxLength: 8 }).map((of) => of.join(':')),
  fc
    .tuple(fc.array(hex4, { minLength: 1, maxLength: 4 }), hex4)
    .map(([of, last]) => `${of.join(':')}::${last}`),
);
const mac = fc
  .array(fc.stringMatching(/^[0-9a-f]{2}$/), { minLength: 6, maxLength: 6 })
  .map((of) => of.join(':'));
const tld = fc.constantFrom('org', 'com', 'net', 'de', 'fr', 'io', 'local', 'internal', 'pl', 'sh');

const planted = fc.record({
  host: letters(4, 10),
  short: letters(1, 1),
  far: letters(4, 10),
  user: letters(4, 8),
  other: letters(4, 8),
  domain: fc.tuple(letters(3, 8), letters(3, 8), tld).map((of) => of.join('.')),
  ipv4,
  ipv6,
  mac,
  uuid: fc.uuid(),
  serial: fc.stringMatching(/^[A-Z0-9]{10}[A-Z][0-9][A-Z0-9]{10}$/),
  secret: fc.stringMatching(/^[A-Za-z0-9]{12,24}$/),
});
type Planted = typeof planted extends fc.Arbitrary<infer T> ? T : never;

const LINES: readonly ((of: Planted) => string)[] = [
  ({ host }) => `Linux ${host} 6.1.0-50-amd64 #1 SMP Debian`,
  ({ host }) => `Nov 21 04:12:00 ${host} kernel: XFS (dm-3): log I/O error`,
  ({ host }) => `/dev/mapper/${host}vg-root /srv xfs rw 0 0`,
  ({ host }) => `  Volume group ${host.toUpperCase()}_data`,
  ({ short }) => `ping ${short}: ok`,
  ({ far }) => `${far}:/export/home /home nfs4 rw 0 0`,
  ({ far }) => `Brick1: ${far}:/bricks/b1/gv0`,
  ({ far }) => `Hostname: ${far}`,
  ({ far }) => `//${far}/share /mnt cifs rw 0 0`,
  ({ far }) => `heal of ${far} is pending`,
  ({ user }) => `/home/${user}/.cache on tmpfs`,
  ({ user }) => `sudo: ${user} : TTY=pts/0`,
  ({ other, far }) => `ssh://${other}@${far}/srv/vault`,
  ({ other }) => `${other}@`,
  ({ user, domain }) => `mail to ${user}@${domain} bounced`,
  ({ domain }) => `peer ${domain}, connected`,
  ({ domain }) => `https://${domain}:8443/x?y=1`,
  ({ ipv4: at }) => `connect to ${at}:5432 refused`,
  ({ ipv4: at }) => `addr=${at},clientaddr=${at}`,
  ({ ipv4: at }) => `ip-${at.replaceAll('.', '-')}`,
  ({ ipv6: at }) => `inet6 ${at}/64 scope global`,
  ({ ipv6: at }) => `[${at}]:24007`,
  ({ mac: at }) => `link/ether ${at} brd ff:ff:ff:ff:ff:ff`,
  ({ uuid }) => `/dev/sda1: UUID="${uuid}"`,
  ({ serial }) => `SERIAL=${serial}`,
  ({ serial }) => `disk ata-WDC_${serial}`,
  ({ secret }) => `dsn postgres://wiki:${secret}@db/wiki`,
  ({ secret }) => `POSTGRES_PASSWORD=${secret}`,
  ({ secret }) => `token: ${secret}`,
];

test('nothing that was planted survives', () => {
  fc.assert(
    fc.property(planted, fc.shuffledSubarray([...LINES.keys()], { minLength: 1 }), (of, order) => {
      // The far host and the other user are known to nobody: they are seen by where they stand.
      const places = order.some((at) => [5, 6, 7, 8, 12].includes(at)) ? order : [...order, 5];
      const withUser = [...places, 12];
      const text = withUser.map((at) => LINES[at]?.(of) ?? '').join('\n');
      const redactor = new Redactor({ hosts: [of.host, of.short], users: [of.user] });
      const said = redactor.text(text).toLowerCase();
      for (const [name, word] of Object.entries(of)) {
        const isWord = name === 'short';
        const found = isWord
          ? new RegExp(`(?<![a-z0-9-])${word}(?![a-z0-9])`).test(said)
          : said.includes(word.toLowerCase());
        assert.ok(!found, `${name} ${word} survives in:\n${said}\nof:\n${text}`);
      }
      assert.ok(!said.includes(of.ipv4.replaceAll('.', '-')), said);
      assert.ok(!/[\uE000\uE001]/.test(said));
    }),
    { numRuns: 500 },
  );
});

test('one thing has one placeholder in all texts, and the list says what it was', () => {
  const redactor = new Redactor({ hosts: ['hv1.example.org'], users: ['ann'] });
  const first = redactor.text('hv1 asks 10.0.0.7 and HV1.example.org');
  const second = redactor.text('10.0.0.7 answers hv1');
  assert.match(first, /^(HOST-\d) asks (ADDRESS-1) and DOMAIN-1$/);
  assert.match(second, /^ADDRESS-1 answers HOST-\d$/);
  assert.equal(second.split(' ').at(-1), first.split(' ')[0]);
  assert.ok(redactor.replaced().some(({ was }) => was === '10.0.0.7'));
});

test('ordinary lines stay readable', () => {
  const redactor = new Redactor({ hosts: ['hv1'], users: ['ann'] });
  for (const line of [
    'md0 : active raid1 sdb1[1] sda1[0](F)',
    'blk_update_request: I/O error, dev vdb, sector 27',
    '[91000.123456] XFS (dm-3): metadata I/O error: block 0x1b error 5',
    'psql (PostgreSQL) 15.14',
    'Sat Nov 21 04:12:00 UTC 2026',
    '  cache: 12:34:56 up 3 days, load average: 0.10, 0.20, 0.30',
    'nginx.service failed; see journalctl',
    'tcp 127.0.0.1 listens, ::1 as well',
  ]) {
    assert.equal(redactor.text(line), line);
  }
});
