import { directory, file, node, type OracleCase, symlink } from './oracle-case.ts';

const S = 1_000_000_000n;

const FILE_MODES = [0o0, 0o1, 0o111, 0o200, 0o400, 0o444, 0o555, 0o600, 0o640, 0o666, 0o755, 0o777];
const FILE_MODES_SPECIAL = [0o1644, 0o2755, 0o4755, 0o4000, 0o6711, 0o7777, 0o2644];
const DIRECTORY_MODES = [0o500, 0o555, 0o700, 0o711, 0o750, 0o755, 0o777];
const DIRECTORY_MODES_SPECIAL = [0o1777, 0o2775, 0o3777, 0o4755, 0o7777];

const octal = (mode: number) => mode.toString(8).padStart(4, '0');
/** Without read permission for its owner, an ordinary user makes it and cannot read it back. */
const needsFor = (mode: number, needed: number) =>
  (mode & needed) === needed ? 'anyone' : 'unreadable';

function modeCases(): OracleCase[] {
  return [
    ...[...FILE_MODES, ...FILE_MODES_SPECIAL].map((mode) =>
      file(`modes/file-${octal(mode)}`, `mode ${octal(mode)}`, {
        mode,
        needs: needsFor(mode, 0o400),
      }),
    ),
    ...[...DIRECTORY_MODES, ...DIRECTORY_MODES_SPECIAL].map((mode) =>
      directory(`modes/directory-${octal(mode)}`, `mode ${octal(mode)}`, { mode }),
    ),
    directory('modes/directory-0000', 'nobody may look', { mode: 0, needs: 'unreadable' }),
    file('modes/closed/inside', 'inside a directory of mode 0000', { needs: 'unreadable' }),
    directory('modes/closed', 'mode 0000 with something inside', { mode: 0, needs: 'unreadable' }),
    file('modes/read-only/inside', 'made before its directory was closed to writing'),
    directory('modes/read-only', 'mode 0555 with something inside', { mode: 0o555 }),
    file('modes/setgid/inside', 'must not take the group of its directory', { mode: 0o644 }),
    directory('modes/setgid', 'setgid with something inside', { mode: 0o2775 }),
  ];
}

function ownerCases(): OracleCase[] {
  const owners: readonly (readonly [number, number])[] = [
    [54_321, 54_322],
    [0, 65_534],
    [65_534, 0],
    [4_294_967_294, 4_294_967_294],
    [2_147_483_648, 1],
    [65_536, 65_537],
  ];
  return [
    ...owners.map((owner) =>
      file(`owners/${owner.join('-')}`, `owner ${owner.join(':')}`, { needs: 'root', owner }),
    ),
    directory('owners/directory', 'a directory of an unknown user', {
      needs: 'root',
      owner: [54_321, 54_322],
    }),
    file('owners/setuid', 'setuid for another user: chown after chmod would lose it', {
      needs: 'root',
      owner: [1234, 1234],
      mode: 0o4755,
    }),
    file('owners/setgid', 'setgid for another group', {
      needs: 'root',
      owner: [1234, 1234],
      mode: 0o2755,
    }),
    file('owners/group-directory/inside', 'must not take the group of its directory', {
      needs: 'root',
      owner: [0, 0],
    }),
    directory('owners/group-directory', 'setgid, of another group', {
      needs: 'root',
      owner: [0, 777],
      mode: 0o2770,
    }),
  ];
}

const TIMES: readonly (readonly [name: string, mtimeNs: bigint])[] = [
  ['epoch', 0n],
  ['one-ns', 1n],
  ['minus-one-ns', -1n],
  ['minus-half-second', -S / 2n],
  ['minus-one-second', -S],
  ['minus-many', -123_456_789_987_654_321n],
  ['1901', -(2n ** 31n) * S],
  ['1960', -315_619_200n * S + 999_999_999n],
  ['zero-ns', 1_500_000_000n * S],
  ['all-nines', 1_500_000_000n * S + 999_999_999n],
  ['micro-only', 1_500_000_000n * S + 123_456_000n],
  ['beyond-double', 1_700_000_000n * S + 123_456_789n],
  ['2038-last', (2n ** 31n - 1n) * S + 999_999_999n],
  ['2038-first', 2n ** 31n * S],
  ['2100', 4_102_444_800n * S + 1n],
  ['2106', 2n ** 32n * S + 5n],
  ['2400', 13_569_465_600n * S + 7n],
];

function timeCases(): OracleCase[] {
  return [
    ...TIMES.map(([name, mtimeNs]) => file(`times/${name}`, `mtime ${mtimeNs} ns`, { mtimeNs })),
    file('times/directory/inside', 'must not touch the time of its directory'),
    directory('times/directory', 'a time, and something inside', { mtimeNs: -S - 1n }),
    directory('times/directory-2100', 'after 2038', { mtimeNs: 4_102_444_800n * S + 3n }),
    symlink('times/link-2100', 'a link after 2038', { target: 'x', mtimeNs: 4_102_444_800n * S }),
  ];
}

const base64 = (bytes: Uint8Array | string) => Buffer.from(bytes).toString('base64');
const counting = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 7 + 3) & 255);

function xattrCases(): OracleCase[] {
  const xattr = (name: string, special: string, xattrs: Readonly<Record<string, string>>) =>
    file(`xattrs/${name}`, special, { xattrs });
  const trusted = { needs: 'root', xattrs: { 'trusted.holdfast': base64('t\0') } } as const;
  const many = Array.from({ length: 40 }, (_, at) => [`user.n${40 - at}`, base64(`v${at}`)]);
  return [
    xattr('text', 'a plain value', { 'user.comment': base64('hello') }),
    xattr('empty', 'an empty value is not an absent one', { 'user.empty': '' }),
    xattr('binary', 'every byte', { 'user.binary': base64(counting(256)) }),
    xattr('nul', 'a NUL at the end', { 'user.nul': base64('a\0') }),
    xattr('big', 'about what ext4 can hold', { 'user.big': base64(counting(3900)) }),
    xattr('many', '40 of them', Object.fromEntries(many)),
    xattr('long-name', 'a name of 255 bytes', { [`user.${'n'.repeat(250)}`]: base64('x') }),
    xattr('odd-name', 'name no UTF-8, with newline and =', { 'user.\xff\n= "': base64('x') }),
    xattr('proto', 'a name that objects do not hold', { 'user.__proto__': base64('x') }),
    xattr('same-value-a', 'same value as the next', { 'user.same': base64(counting(500)) }),
    xattr('same-value-b', 'same value as the one before', { 'user.same': base64(counting(500)) }),
    file('xattrs/read-only', 'set before the mode forbids it', {
      mode: 0o444,
      xattrs: { 'user.x': base64('y') },
    }),
    directory('xattrs/directory', 'on a directory', { xattrs: { 'user.dir': base64('d') } }),
    file('xattrs/trusted', 'a namespace of root', trusted),
    file('xattrs/security', 'an unknown security attribute', {
      needs: 'root',
      xattrs: { 'security.holdfast': base64(counting(32)) },
    }),
    directory('xattrs/trusted-directory', 'trusted, on a directory', trusted),
    symlink('xattrs/trusted-link', 'trusted, on a link', { ...trusted, target: 'text' }),
    node('xattrs/trusted-fifo', 'fifo', { special: 'trusted, on a FIFO', ...trusted }),
    node('xattrs/trusted-null', 'character', {
      special: 'trusted, on a device',
      ...trusted,
      device: [1, 3],
    }),
  ];
}

const TAGS = { u: 1, user: 2, g: 4, group: 8, mask: 16, o: 32 } as const;
type AclEntry = readonly [tag: keyof typeof TAGS, permissions: number, id?: number];

/** `posix_acl_xattr_header` and its entries, in the order the kernel wants. */
function acl(...entries: readonly AclEntry[]): string {
  const bytes = Buffer.alloc(4 + entries.length * 8);
  bytes.writeUInt32LE(2, 0);
  entries.forEach(([tag, permissions, id], at) => {
    bytes.writeUInt16LE(TAGS[tag], 4 + at * 8);
    bytes.writeUInt16LE(permissions, 6 + at * 8);
    bytes.writeUInt32LE(id ?? 0xffff_ffff, 8 + at * 8);
  });
  return bytes.toString('base64');
}

const ACCESS = 'system.posix_acl_access';
const DEFAULT = 'system.posix_acl_default';

function aclCases(): OracleCase[] {
  const named = acl(['u', 6], ['user', 7, 1234], ['g', 4], ['mask', 7], ['o', 0]);
  const inherited = acl(['u', 7], ['user', 5, 4242], ['g', 5], ['mask', 5], ['o', 0]);
  return [
    file('acls/named-user', 'a named user', { mode: 0o670, xattrs: { [ACCESS]: named } }),
    file('acls/named-group', 'a named group, masked', {
      mode: 0o640,
      xattrs: { [ACCESS]: acl(['u', 6], ['g', 6], ['group', 7, 999], ['mask', 4], ['o', 0]) },
    }),
    file('acls/unknown-ids', 'ids that nobody has', {
      mode: 0o640,
      xattrs: {
        [ACCESS]: acl(
          ['u', 6],
          ['user', 4, 54_321],
          ['user', 0, 4_000_000_000],
          ['g', 4],
          ['group', 4, 54_322],
          ['mask', 4],
          ['o', 0],
        ),
      },
    }),
    file('acls/group-class', 'the group has less than the mode shows', {
      mode: 0o660,
      xattrs: { [ACCESS]: acl(['u', 6], ['user', 6, 7], ['g', 0], ['mask', 6], ['o', 0]) },
    }),
    directory('acls/access', 'an access ACL on a directory', {
      mode: 0o770,
      xattrs: { [ACCESS]: acl(['u', 7], ['user', 7, 1], ['g', 5], ['mask', 7], ['o', 0]) },
    }),
    file('acls/default/inside', 'made before the default ACL: must not inherit it', {
      mode: 0o644,
    }),
    directory('acls/default/below', 'a directory below: must not inherit it', { mode: 0o755 }),
    directory('acls/default', 'a default ACL', { mode: 0o755, xattrs: { [DEFAULT]: inherited } }),
    directory('acls/both', 'access and default ACL', {
      mode: 0o770,
      xattrs: {
        [ACCESS]: acl(['u', 7], ['user', 7, 1], ['g', 5], ['mask', 7], ['o', 0]),
        [DEFAULT]: inherited,
      },
    }),
    directory('acls/default-plain', 'a default ACL of the three base entries only', {
      mode: 0o755,
      xattrs: { [DEFAULT]: acl(['u', 7], ['g', 0], ['o', 0]) },
    }),
  ];
}

/** `vfs_cap_data`: version with the effective bit, then permitted and inheritable words. */
function capability(version: 2 | 3, permitted: number, rootId = 0): string {
  const bytes = Buffer.alloc(version === 2 ? 20 : 24);
  bytes.writeUInt32LE(version * 0x0100_0000 + 1, 0);
  bytes.writeUInt32LE(permitted, 4);
  if (version === 3) bytes.writeUInt32LE(rootId, 20);
  return bytes.toString('base64');
}

function capabilityCases(): OracleCase[] {
  const capable = (name: string, value: string, owner: readonly [number, number]) =>
    file(`capabilities/${name}`, `file capability, ${name}`, {
      needs: 'root',
      mode: 0o755,
      owner,
      xattrs: { 'security.capability': value },
    });
  return [
    capable('net-bind', capability(2, 1 << 10), [0, 0]),
    // chown drops capabilities: only an owner that had to be set shows a wrong order.
    capable('owned', capability(2, 1 << 13), [1234, 1234]),
    capable('namespaced', capability(3, 1 << 10, 100_000), [0, 0]),
  ];
}

function flagCases(): OracleCase[] {
  return [
    file('flags/immutable', 'chattr +i: its content is kept, the flag is not', {
      needs: 'root',
      preserved: false,
      immutable: true,
    }),
  ];
}

export function attributeCases(): OracleCase[] {
  return [
    ...modeCases(),
    ...ownerCases(),
    ...timeCases(),
    ...xattrCases(),
    ...aclCases(),
    ...capabilityCases(),
    ...flagCases(),
  ];
}
