// Goal: a server whose machine is lost comes back from Holdfast's own backup of it, made while it ran, as
// docs/operating/server.md says: its agents without a hand on any, nobody who was put out, nothing known
// before it was seen anew, no message twice, and what was done until the copy; and what a copy cannot
// show is asked of a person, never guessed.
// Method: `holdfast server`, three agents, users, an alert by real SMTP, a freeze, a schedule; `backup`, kill
// -9, all of the state removed, `restore`, `server recover`.
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import type net from 'node:net';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { SMTPServer } from 'smtp-server';
import { Drill, untilFound } from './drill.ts';

interface Item {
  readonly host: string;
  readonly item: string;
  readonly mark: string;
  readonly saw: string;
  readonly seenAt: string;
}

async function mailbox(t: TestContext): Promise<{ readonly port: number; subjects: string[] }> {
  const subjects: string[] = [];
  const server = new SMTPServer({
    ...{ authOptional: true, disableReverseLookup: true, disabledCommands: ['STARTTLS'] },
    onData(stream, _session, done) {
      let text = '';
      stream.on('data', (part: Buffer) => (text += part.toString('utf8')));
      stream.on('end', () => {
        subjects.push(/^Subject: (.*)$/m.exec(text)?.[1] ?? '');
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as net.AddressInfo).port, subjects };
}

class Lost {
  readonly drill: Drill;
  readonly agents = new Map<string, ChildProcess>();
  readonly site: string;

  constructor(drill: Drill, mailPort: number) {
    this.drill = drill;
    const { root, port } = drill;
    this.site = path.join(root, 'site/index.html');
    fs.mkdirSync(path.dirname(this.site));
    fs.writeFileSync(this.site, 'hello\n');
    const own = `vault: ${root}/vault\nkey-file: ${root}/key\n`;
    fs.writeFileSync(
      path.join(root, 'holdfast.yaml'),
      [
        `server:\n  listen: "127.0.0.1:${port}"\n`,
        '  schedules: {www: {host: web1, backup: nightly, every: 1d}}\n',
        `state: ${root}/state\n${own}`,
        'hosts: {web1: {}, db1: {}, old1: {}}\n',
        'datasets:\n  holdfast-server:\n',
        `    paths: [${drill.file('server-key.pem')}, ${drill.file('agents.json')}]\n`,
        `  holdfast-server-db:\n    capture: sqlite\n    paths: ${drill.file('server.db')}\n`,
        'tell:\n  group: 0s\n  delay: {unknown: 30min, degraded: 30min}\n  channels:\n',
        `    ann: {kind: smtp, server: "127.0.0.1:${mailPort}", sender: h@example.org,`,
        '      to: ann@example.org, from: failed}\n',
      ].join(''),
    );
    // Of the host: its own state, vault and data set.
    const its = `state: ${root}/host-state\nvault: ${root}/host-vault\nkey-file: ${root}/host-key\n`;
    const host = `${its}datasets: {www: {paths: ${root}/site}}\n`;
    fs.writeFileSync(path.join(root, 'host.yaml'), host);
    const jobs = `config: ${root}/host.yaml\njobs: {nightly: {backup: www}}\n`;
    const probes = `probes: {site: {kind: path, path: ${this.site}, every: 5s}}\n`;
    const others = 'without: [kernel:log]\n'; // Those of this machine are not the test's.
    fs.writeFileSync(path.join(root, 'web1.agent.yaml'), `level: keep\n${jobs}${probes}${others}`);
    fs.writeFileSync(path.join(root, 'agent.yaml'), `level: look\n${others}`);
  }

  must(...args: readonly string[]): string {
    const { status, stdout, stderr } = this.drill.run(args);
    assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  }

  holdfast(...args: readonly string[]): string {
    return this.must(...args, '--config', path.join(this.drill.root, 'holdfast.yaml'));
  }

  enrol(...hosts: readonly string[]): void {
    for (const host of hosts) {
      this.drill.enrol(host);
      this.agents.set(host, this.drill.startAgent(host));
    }
  }

  /** Heard while all are still: nobody says anything, and nobody has died. */
  still(signal: 'SIGSTOP' | 'SIGCONT'): void {
    for (const agent of this.agents.values()) agent.kill(signal);
  }

  async items(token: string): Promise<readonly Item[]> {
    const { status, text } = await this.drill.ask('/v1/items?count=500', token);
    assert.equal(status, 200, text);
    return (JSON.parse(text) as { items: readonly Item[] }).items;
  }

  untilItem(token: string, item: string, is: (found: Item) => boolean): Promise<Item> {
    return untilFound(item, async () => {
      const found = (await this.items(token)).find((each) => each.item === item);
      return found !== undefined && is(found) ? found : undefined;
    });
  }

  tokenOf(name: string, role: string, ...scopes: readonly string[]): string {
    this.drill.json('user', 'add', name, '--role', role);
    const may = scopes.flatMap((scope) => ['--scope', scope]);
    return this.drill.json<{ token: string }>('access', name, ...may).token;
  }

  /** Each file at its place, as server.md says. */
  bringBack(): void {
    fs.rmSync(path.join(this.drill.root, 'state'), { recursive: true });
    const directory = path.dirname(this.drill.file('server.db'));
    for (const name of ['holdfast-server', 'holdfast-server-db']) {
      const target = path.join(this.drill.root, `back-${name}`);
      this.holdfast('restore', 'latest', target, '--data-set', name);
      fs.cpSync(target, directory, { recursive: true });
    }
  }
}

interface Said {
  readonly found: string;
  readonly agents: readonly { readonly host: string }[];
}

test('the machine of the server is lost, and its own backup brings it back', {
  timeout: 600_000,
}, async (t) => {
  const box = await mailbox(t);
  const lost = new Lost(await Drill.open(t), box.port);
  const { drill } = lost;
  lost.holdfast('init', '--new-key-file', path.join(drill.root, 'key'));
  const ofHost = ['--config', path.join(drill.root, 'host.yaml')];
  lost.must('init', '--new-key-file', path.join(drill.root, 'host-key'), ...ofHost);
  await drill.startServer();
  const anna = lost.tokenOf('anna', 'admin', 'read', 'freeze');
  const ben = lost.tokenOf('ben', 'operator', 'read');
  lost.enrol('web1', 'db1', 'old1');
  await drill.untilSeen(anna, ['web1', 'db1', 'old1']);
  assert.equal(drill.onServer('revoke', 'old1', '--reason', 'sold').status, 0);
  const ran = await lost.untilItem(anna, 'backup-run:nightly', ({ mark }) => mark === 'ok');
  fs.renameSync(lost.site, `${lost.site}.away`);
  await lost.untilItem(anna, 'path:site', ({ mark }) => mark === 'failed');
  await untilFound('a mail', () => Promise.resolve(box.subjects[0]));
  const frozen = await drill.ask('/v1/freeze', anna, { reason: 'move', forMs: 3_600_000 });
  assert.ok(frozen.status < 300, frozen.text);
  const { freeze } = JSON.parse(frozen.text) as { freeze: { id: string } };

  t.diagnostic('kept while it runs, and then somebody is put out');
  lost.holdfast('backup');
  assert.equal(drill.onServer('user', 'remove', 'ben').status, 0);
  assert.equal(drill.onServer('revoke', 'db1').status, 0);
  await drill.killServer();
  lost.bringBack();
  for (const refused of [drill.onServer(), drill.onServer('token', 'web1')]) {
    assert.match(
      refused.stderr,
      /HF_RECOVER_COPY/,
      'both files are of one night: neither shows it',
    );
  }
  const back = drill.json<Said>('recover');
  assert.equal(back.found, 'copy');
  // Who was put out after the copy is nowhere: it is listed, and put out again by hand.
  assert.deepEqual(back.agents.map(({ host }) => host).sort(), ['db1', 'web1']);
  assert.equal(drill.onServer('revoke', 'db1').status, 0);

  t.diagnostic('nobody gets in by what the copy held, and nothing is known before it is seen');
  lost.still('SIGSTOP');
  await drill.startServer();
  for (const token of [anna, ben]) {
    assert.equal((await drill.ask('/v1/status', token)).status, 401);
  }
  const again = lost.tokenOf('carl', 'admin', 'read', 'unfreeze');
  const before = (await lost.items(again)).filter(({ item }) => item !== 'backup-run:nightly');
  assert.ok(before.length > 5, 'what there was is remembered');
  assert.deepEqual(
    before.filter(({ mark }) => mark !== 'unknown'),
    [],
  );
  lost.still('SIGCONT');
  await drill.untilSeen(again, ['web1']);
  const hosts = new Set((await lost.items(again)).map(({ host }) => host));
  assert.deepEqual([...hosts], ['web1'], 'who was revoked is not heard');

  t.diagnostic(
    'what the copy held is there: evidence with its age, the alert, the freeze, the log',
  );
  const known = await lost.untilItem(again, 'backup-run:nightly', () => true);
  assert.deepEqual([known.mark, known.seenAt], ['ok', ran.seenAt]);
  const { text: jobs } = await drill.ask('/v1/jobs', again);
  assert.equal(jobs.split('"nightly"').length - 1, 1, 'its schedule does not ask again');
  await lost.untilItem(again, 'path:site', ({ mark }) => mark === 'failed');
  assert.match((await drill.ask('/v1/freeze', again)).text, /"reason":"move"/);
  assert.equal((await drill.ask('/v1/unfreeze', again, { id: freeze.id })).status, 200);
  fs.renameSync(`${lost.site}.away`, lost.site);
  await untilFound('it is well again', () =>
    Promise.resolve(box.subjects.find((each) => each.startsWith('ok: path:site'))),
  );
  const begun = box.subjects.filter((each) => each.startsWith('failed: path:site'));
  assert.equal(begun.length, 1, `said once: ${box.subjects.join('; ')}`);
  assert.ok(drill.json<{ isWhole: boolean }>('audit').isWhole);

  t.diagnostic('only moved: nothing is given up');
  await drill.killServer();
  const directory = path.dirname(drill.file('server.db'));
  fs.cpSync(directory, `${directory}-moved`, { recursive: true });
  fs.rmSync(directory, { recursive: true });
  fs.renameSync(`${directory}-moved`, directory);
  assert.match(drill.onServer().stderr, /HF_RECOVER_COPY.*--moved/s);
  assert.equal(drill.json<Said>('recover', '--moved').found, 'moved');
  await drill.startServer();
  assert.equal((await drill.ask('/v1/status', again)).status, 200, 'its tokens hold');
  await drill.untilSeen(again, ['web1']);
});
