// Goal: a new user who starts `up` sees at /v1/exposure what `holdfast exposure` says of the same data set:
// by each failure the same loss, out, and proof, as soon as it was drilled.
// Method: the real program on an empty machine; both answers, compared by failure.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Bench } from '../cli/run-cli.ts';
import { ask, isAlive, readToken, until, UpWatching } from './up-watching.ts';

interface Row {
  readonly loss: { readonly kind: string; readonly why?: string };
  readonly outage: { readonly kind: string };
  readonly proof: { readonly kind: string };
}

interface Answered {
  readonly falls: readonly {
    readonly domain: { readonly kind: string };
    readonly hits: readonly (Row & { readonly dataSet: string })[];
  }[];
  readonly hosts: readonly {
    readonly seenBy: string | null;
    readonly ledger: { readonly isFresh: boolean } | null;
  }[];
}

interface Said {
  readonly exposure: readonly (Row & {
    readonly dataSet: string;
    readonly domain: { readonly kind: string };
  })[];
}

let bench: Bench;
let up: UpWatching;
let pids: number[] = [];
beforeEach(() => {
  bench = new Bench();
  bench.write('data/one', 'one file\n');
  bench.write('holdfast.yaml', 'server: {listen: "127.0.0.1:0"}\n');
  up = new UpWatching(bench);
});
afterEach(async () => {
  up.child.kill('SIGKILL');
  await up.ended;
  await until('an end of all of it', () => pids.every((pid) => !isAlive(pid)));
  bench.remove();
});

function wordsOf({ loss, outage, proof }: Row): string {
  const why = loss.kind === 'all' ? loss.why : '';
  return [loss.kind, why, outage.kind, proof.kind].join(', ');
}

test('what up proves is at the API of its server, as the command says it', async () => {
  const { url } = await up.listens();
  pids = [...up.children().values()];
  const token = readToken(bench);
  const path = bench.at('data');
  const isOwn = ({ dataSet }: { readonly dataSet: string }): boolean => dataSet.endsWith(path);
  const answered = async (): Promise<Answered | undefined> => {
    up.demandRuns();
    const headers = { authorization: `Bearer ${token}` };
    const { status, text } = await ask(`${url}/v1/exposure?count=1000`, { headers });
    return status === 200 ? (JSON.parse(text) as Answered) : undefined;
  };
  await until('a sight', async () => (await answered())?.hosts.some(({ seenBy }) => seenBy));
  const got = await until('a drill at the API', async () => {
    const answer = await answered();
    const own = answer?.falls.flatMap(({ hits }) => hits.filter(isOwn)) ?? [];
    return own.some(({ proof }) => proof.kind === 'drilled') ? answer : undefined;
  });
  assert.ok(got.hosts.some(({ seenBy, ledger }) => seenBy === 'agent' && ledger?.isFresh));
  const ran = bench.run(['exposure', '--json'], { env: { HOLDFAST_VAULT: '' } });
  assert.equal(ran.status, 0, ran.stderr);
  const said = (JSON.parse(ran.stdout) as Said).exposure.filter(isOwn);
  const byFailure = new Map(said.map((row) => [row.domain.kind, wordsOf(row)]));
  assert.ok(byFailure.size >= 2, 'liveness: the command has something to say');
  for (const { domain, hits } of got.falls) {
    // Of a host on its own nobody sees by which keys it is entered.
    const own = hits.find(isOwn);
    if (own !== undefined && byFailure.has(domain.kind)) {
      assert.equal(wordsOf(own), byFailure.get(domain.kind), domain.kind);
    }
  }
  const compared = got.falls.filter(
    ({ domain, hits }) => hits.some(isOwn) && byFailure.has(domain.kind),
  );
  assert.ok(compared.length >= 2, 'liveness: both speak of the same failures');
});
