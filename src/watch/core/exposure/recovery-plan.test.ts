// Goal: what comes back, in which order, where to and by which command; never from what is lost, never
// to what is lost, never more than there is room for, and no secret in any of it.
// Method: a small estate whose right plan is known; each test takes one thing from it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteString } from '../../../base/bytes.ts';
import { PLAIN } from '../../../base/say.ts';
import { GIB, hours, unixMs } from '../../../base/units.ts';
import { assertGolden } from '../../../../test/watch/golden.ts';
import { evidenceOf, NOW } from '../../../../test/watch/estate-arbitrary.ts';
import {
  ASKING,
  at,
  COPY,
  drillOf,
  ESTATE,
  IMAGE,
  MAIL,
  pointOf,
  repositoryOf,
  SCRATCH,
  WIKI_DB,
  WIKI_FILES,
} from '../../../../test/watch/recovery-example.ts';
import type { Estate } from '../estate.ts';
import { type Lost, lostBy, loseNames } from '../look/lose.ts';
import { openingOf } from '../opening.ts';
import { renderPlanPage } from './page-recovery-plan.ts';
import { renderRecoveryOverview } from './recovery-overview.ts';
import { type RecoveryAsking, type RecoveryPlan, recoveryPlanOf } from './recovery-plan.ts';
import { renderRecoveryPlan } from './render-recovery-plan.ts';

function named(asking: RecoveryAsking, texts: readonly string[]): readonly Lost[] {
  const names = loseNames(asking.machines, asking.estate, asking.declared);
  return texts.map((text) => lostBy(byteString(text), names));
}

function plan(texts: readonly string[], change: Partial<RecoveryAsking> = {}): RecoveryPlan {
  const asking = { ...ASKING, ...change };
  return recoveryPlanOf(asking, named(asking, texts));
}

const estate = (change: Partial<Estate>): Partial<RecoveryAsking> => ({
  estate: { ...ESTATE, ...change },
});
const linesOf = ({ steps }: RecoveryPlan): readonly string[] =>
  steps.flatMap(({ lines }) => lines.typed.map(({ on, words }) => `${on}: ${words.join(' ')}`));
const text = (of: RecoveryPlan): string => renderRecoveryPlan(of, PLAIN, NOW).join('\n');
/** Without where its lines end. */
const flat = (of: RecoveryPlan): string => text(of).replaceAll(/\s+/g, ' ');

test('a host: services by tier and dependency, the rest after them, what nothing holds apart', () => {
  const of = plan(['host:hv1']);
  // Mail is tier 1 and stands on the wiki of tier 2: the wiki comes first, its database before it.
  assert.deepEqual(
    of.steps.map(({ row }) => row.dataSet),
    [WIKI_DB.name, WIKI_FILES.name, MAIL.name, IMAGE.name],
  );
  assert.deepEqual(
    of.forGood.map((row) => row.dataSet),
    [SCRATCH.name],
  );
  const begun = of.steps.map(({ begins }) => begins.map(({ name }) => name).join());
  assert.deepEqual(begun, ['wiki', '', 'mail', ''], 'who is called stands with the first step');
  assert.equal(of.steps[0]?.doneAfter.atMostMs, 20 * 60_000);
  assert.equal(of.total.atMostMs, (20 + 120 + 60 + 50) * 60_000);
  assertGolden('recovery-plan.txt', `${text(of)}\n`);
});

test('what is restored goes where there is room that is left, and no room is given twice', () => {
  const of = plan(['host:hv1']);
  const where = of.steps.map(({ to }) => to && `${to.host}:${to.path}`);
  // hv2 has Holdfast, and 120 GiB less 20 that stay free: for the database, the wiki and the image.
  assert.deepEqual(where, [
    'hv2:/srv/restored/hv1/srv/wiki-db',
    'hv2:/srv/restored/hv1/srv/wiki',
    'hv2:/srv/restored/hv1/srv/mail',
    undefined,
  ]);
  assert.match(flat(of), /a new machine or disk with 25 GiB: the most room is 20 GiB at st1:\/srv/);
});

test('where only a directory is gone it comes back where it was', () => {
  const [step] = plan(['hv1:/srv/mail']).steps;
  assert.equal(step?.to?.isOwnPlace, true);
  assert.equal(step.to.path, '/srv/mail');
});

test('a disk that is lost has no room, and the machine around it is no other disk', () => {
  const of = plan(['disk:hv1/vda']);
  assert.ok(of.steps.length > 0);
  assert.ok(of.steps.every(({ to }) => to?.host !== 'hv1'));
});

test('a key that is lost is not given by where it was', () => {
  const keys = [{ id: 'k1', places: [at('hv2', '/root/vault.key')], isConfirmedElsewhere: false }];
  const of = plan(['host:hv1', 'hv2:/root'], estate({ keys }));
  assert.match(linesOf(of)[0] ?? '', /^hv2: .*--key-file \/KEY_FILE /);
  assert.match(flat(of), /KEY_FILE is the key, made from the key sheet/);
});

test('the command names vault, snapshot, target and key, as they are seen from there', () => {
  const [first] = linesOf(plan(['host:hv1']));
  const id = pointOf(WIKI_DB.name).id.slice(0, 12);
  assert.equal(
    first,
    `hv2: holdfast restore --vault ssh://st1/srv/vault --key-file /KEY_FILE ${id} /srv/restored/hv1/srv/wiki-db`,
  );
  const there = plan(['host:hv1'], {
    ...estate({
      keys: [{ id: 'k1', places: [at('hv2', '/root/pass')], isConfirmedElsewhere: false }],
    }),
    passphraseFile: byteString('/root/pass'),
  });
  assert.match(linesOf(there)[0] ?? '', /--passphrase-file \/root\/pass /);
  const byHeart = plan(
    ['host:hv1'],
    estate({ keys: [{ id: 'k1', places: [], isConfirmedElsewhere: true }] }),
  );
  assert.doesNotMatch(linesOf(byHeart).join(), /--key-file/);
});

test('store, key and machine: each that is lost is said, and nothing is then called certain', () => {
  const is = (of: RecoveryPlan): string =>
    of.needed.map(({ kind, is: now }) => `${kind} ${now}`).join(', ');
  assert.equal(is(plan(['host:hv1'])), 'store ok, key ok, machine ok');
  const keyless = plan(['host:hv1', 'host:op1']);
  assert.equal(is(keyless), 'store ok, key failed, machine ok');
  assert.match(text(keyless), /key +of st1:\/srv\/vault: lost with it\. Look for its sheet/);
  assert.ok(keyless.steps.every(({ row }) => row.loss.kind === 'unknown'));
  const readerless = plan(['host:hv1'], estate({ readers: ['hv1'] }));
  assert.equal(is(readerless), 'store ok, key ok, machine failed');
  assert.match(text(readerless), /rescue\.mjs/);
  assert.deepEqual(plan(['host:hv1', 'host:st1']).steps, []);
});

test('a snapshot that a host calls by a command, or by an option, is neither in what is typed', () => {
  const lineWith = (id: string): string => {
    const point = pointOf(MAIL.name, { id, coveredUpTo: unixMs(NOW - hours(1)) });
    const of = plan(['hv1:/srv/mail'], estate({ points: [...ESTATE.points, point] }));
    assert.equal(of.steps[0]?.from.point.id, id);
    return linesOf(of)[0] ?? '';
  };
  assert.match(lineWith('$(reboot)'), / '\$\(reboot\)' /);
  assert.match(lineWith('--in-place'), / NAME /);
});

test('the newest point that is left, and one that was read back beside it', () => {
  const newer = pointOf(MAIL.name, {
    id: 'f'.repeat(40),
    coveredUpTo: unixMs(NOW - hours(1)),
    exists: [],
  });
  const torn = pointOf(MAIL.name, { id: 'e'.repeat(40), coveredUpTo: NOW, isTorn: true });
  const damaged = pointOf(MAIL.name, {
    ...{ id: 'd'.repeat(40), coveredUpTo: NOW },
    exists: [{ copy: COPY, evidence: evidenceOf({ saw: 'broken' }) }],
  });
  const of = plan(['hv1:/srv/mail'], estate({ points: [...ESTATE.points, newer, torn, damaged] }));
  assert.equal(of.steps[0]?.from.point.id, newer.id);
  assert.equal(of.steps[0].from.proven?.id, pointOf(MAIL.name).id);
  assert.match(flat(of), /not read back; one that was is of/);
});

test('an image that is still there: both ways, and the broken one is kept first', () => {
  const of = plan(['hv1:/srv/images/ci.img']);
  assert.equal(of.steps[0]?.image?.guest, 'ci');
  const said = text(of);
  assert.match(
    said,
    /keep it first[\s\S]*virsh destroy ci[\s\S]*mv -n -- .*ci\.img[\s\S]*in what time is unknown[\s\S]*qemu-img check[\s\S]*Or restore it/,
  );
  // It is restored beside, and moved to where it was: over nothing.
  assert.match(
    linesOf(of)[1] ?? '',
    /^hv1: mv -n -- \/srv\/restored\/hv1\/srv\/images\/ci\.img \/srv\/images\/ci\.img$/,
  );
  for (const lost of ['host:hv1', 'disk:hv1/vda']) {
    assert.ok(
      plan([lost]).steps.every(({ image }) => image === undefined),
      lost,
    );
  }
});

test('what may be switched off: later tiers and guests of no service, and nothing that comes back', () => {
  const named = plan(['host:hv1']).mayWait.map(({ host, name }) => `${host} ${name}`);
  assert.deepEqual(named, ['hv2 stats', 'hv2 ci1']);
  assert.deepEqual(
    plan(['host:hv2']).mayWait.map(({ name }) => name),
    ['ci'],
  );
});

test('what lives on without a backup is said, and hosts that nobody saw', () => {
  const of = plan(['host:st1']);
  assert.ok(of.bare.some((row) => row.dataSet === MAIL.name));
  const declared = { ...ASKING.declared, hosts: [...ASKING.declared.hosts, 'far1'] };
  const far = plan(['host:far1'], { declared });
  assert.deepEqual(far.notSeen, ['far1']);
  assert.match(renderRecoveryOverview([far], PLAIN).join('\n'), /far1 +not seen/);
});

test('times without an end stay without one, and an old drill bounds nothing', () => {
  const old = drillOf(WIKI_DB.name, { evidence: evidenceOf({ expiresInMs: -1000 }) });
  const of = plan(['host:hv1'], estate({ drills: [old, ...ESTATE.drills.slice(1)] }));
  assert.equal(
    of.steps.find(({ row }) => row.dataSet === WIKI_DB.name)?.doneAfter.atMostMs,
    undefined,
  );
  assert.equal(of.total.atMostMs, undefined);
});

function byTheirs(
  repository: ReturnType<typeof repositoryOf>,
  change: { readonly id?: string; readonly openedOn?: string; readonly lost?: string } = {},
): RecoveryPlan {
  const { id = 'abcdef12', openedOn = 'op1', lost = 'host:hv1' } = change;
  const vault = `${repository.tool}:${repository.id}`;
  const copy = `${repository.tool} ${repository.repository}`;
  return plan([lost], {
    ...estate({
      points: [pointOf(MAIL.name, { id, vault, exists: [{ copy, evidence: evidenceOf({}) }] })],
      vaults: [{ vault, copy, place: at('op1', '/srv/restic'), openedBy: [vault] }],
      keys: [{ id: vault, places: [], isConfirmedElsewhere: true }],
    }),
    openings: [{ ...openingOf(repository), openedOn }],
  });
}

const BORG = { tool: 'borg', repository: 'u@nas:/b' } as const;
const PASSWORD = { kind: 'file', path: byteString('/root/rp') } as const;

test("a team's own backups: by their own tool, from where they are reached, without a secret", () => {
  const line = 'echo TOPSECRET';
  const restic = byTheirs(repositoryOf({ secret: { kind: 'command', line } }));
  assert.deepEqual(linesOf(restic), [
    'hv2: restic -r sftp:op1:/srv/restic restore abcdef12 --target /srv/restored/hv1/srv/mail --include /srv/mail',
  ]);
  assert.doesNotMatch(JSON.stringify(restic.steps.map(({ lines }) => lines)), /TOPSECRET/);
  assert.doesNotMatch(text(restic), /TOPSECRET/);
  assert.match(flat(restic), /hv2 needs an SSH key that op1 lets in/);
  assert.deepEqual(linesOf(byTheirs(repositoryOf(BORG))), [
    'hv2: mkdir -p -- /srv/restored/hv1/srv/mail',
    'hv2: cd /srv/restored/hv1/srv/mail && borg extract -- u@nas:/b::abcdef12 pp:srv/mail',
  ]);
  const pg = repositoryOf({ tool: 'pgbackrest', config: byteString('/etc/pgb.conf') });
  const cluster = byTheirs(pg, { id: 'main/20261120-101500F_20261120-111500I' });
  assert.deepEqual(linesOf(cluster), [
    'hv2: pgbackrest --config=/etc/pgb.conf --stanza=main --set=20261120-101500F_20261120-111500I --pg1-path=/srv/restored/hv1/srv/mail restore',
  ]);
  assert.match(flat(cluster), /lies in op1:\/etc\/pgb\.conf: bring it to hv2 first/);
});

test('a password file is named where it is, brought from where it is left, asked for where it is lost', () => {
  const of = (openedOn: string): RecoveryPlan =>
    byTheirs(repositoryOf({ secret: PASSWORD }), { openedOn });
  assert.match(linesOf(of('hv2'))[0] ?? '', /--password-file \/root\/rp$/);
  assert.match(linesOf(of('op1'))[0] ?? '', /--password-file \/PASSWORD_FILE$/);
  assert.match(flat(of('op1')), /PASSWORD_FILE is its password, from op1:\/root\/rp: bring it to/);
  assert.match(flat(of('hv1')), /which lay in hv1:\/root\/rp: ask who knows it/);
  const borg = byTheirs(repositoryOf({ ...BORG, secret: PASSWORD }), { openedOn: 'hv2' });
  assert.match(linesOf(borg)[1] ?? '', /&& BORG_PASSCOMMAND=\S+ \S+ borg extract/);
  assert.match(linesOf(borg)[1] ?? '', /\/root\/rp/);
});

test('what is restored where it was is put below the root, for it comes under its whole path', () => {
  const lost = 'hv1:/srv/mail';
  assert.match(
    linesOf(byTheirs(repositoryOf({}), { lost }))[0] ?? '',
    /^hv1: restic .* --target \/ --include \/srv\/mail$/,
  );
  assert.deepEqual(linesOf(byTheirs(repositoryOf(BORG), { lost })), [
    'hv1: cd / && borg extract -- u@nas:/b::abcdef12 pp:srv/mail',
  ]);
});

test('an address that ssh or rclone would take for an option is in no command', () => {
  for (const repository of [
    'ssh://-oProxyCommand=id/srv/b',
    'sftp:-oProxyCommand=id:/srv/b',
    'sftp://ann@-oProxyCommand=id//srv/b',
    'rclone:-v:b',
    '-oProxyCommand=id:b',
  ]) {
    for (const tool of ['restic', 'borg'] as const) {
      const of = byTheirs(repositoryOf({ tool, repository }));
      assert.deepEqual(linesOf(of), [], repository);
      assert.match(flat(of), /begins as an option does/);
    }
  }
});

test('the page holds the same, needs nothing, and what a host is called is inert in it', () => {
  const evil = '<img src=x onerror=alert(1)>"\x1b]0;x\x07';
  const renamed = { ...MAIL, name: evil };
  const of = plan(
    ['host:hv1'],
    estate({
      dataSets: [renamed, { ...SCRATCH, name: `${evil}2`, bytes: 3 * GIB }],
      points: [pointOf(evil)],
      drills: [drillOf(evil)],
    }),
  );
  const page = renderPlanPage({
    ...{ plans: [of, plan(['host:hv2'])], madeAt: NOW, lookedAt: NOW },
    ...{ madeOn: evil, exposure: `${evil}\n` },
  });
  assert.doesNotMatch(page, /<img/);
  assert.doesNotMatch(page, /\x1b|<script|<[^>]*(?:src|href)=["']?https?:/);
  assert.match(page, /holdfast restore --vault ssh:\/\/st1\/srv\/vault/);
  assert.match(page, /href="#p1"/);
  assert.doesNotMatch(text(of), /\x1b/);
});
