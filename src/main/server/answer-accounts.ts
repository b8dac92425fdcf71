/** Accounts of a server, looked after on its machine: whoever may write its state is its admin. */
import { Access } from '../../access/shell/access.ts';
import { ALL_SCOPES, ROLES, type Role, type Scope, scopesOf } from '../../access/core/roles.ts';
import { nodeHash } from '../../adapters/node/hash.ts';
import { nodePasswordHash } from '../../adapters/node/password-hash.ts';
import { nodeRandom } from '../../adapters/node/random.ts';
import type { ServerState } from '../../adapters/sqlite/open-server-state.ts';
import { Fault } from '../../base/fault.ts';
import type { Style } from '../../base/say.ts';
import { sayText } from '../../base/say-name.ts';
import { wrap } from '../../base/say-width.ts';
import { hostName } from '../../wire/api/parts.ts';
import type { AccessOptions, ServerOptions, UserOptions } from '../cli/server-options.ts';
import type { Answer, Cli } from '../cli/cli.ts';
import { EXIT } from '../cli/exit-code.ts';
import { timeJson } from '../cli/json-shape.ts';
import { namesIn, noteUsers } from './agent-register.ts';
import { enrolmentLine, signInLink } from './lines.ts';
import { listensNow } from './listens-file.ts';
import { openOwnState } from './own-state.ts';
import { pinHere, type ServerPlace, serverPlace } from './server-place.ts';

const BY = { who: 'root', from: 'terminal' };
const DAY_MS = 86_400_000;

export async function answerToken(
  cli: Cli,
  { host, options }: { readonly host: string; readonly options: ServerOptions },
): Promise<Answer> {
  if (!hostName.safeParse(host).success) {
    throw new Fault('HF_USAGE', `no host can be called ${sayText(host)}`, {
      command: 'server token',
    });
  }
  return withAccess(cli, options, async (access, place) => {
    const made = await access.makeEnrolment(BY, host);
    const pin = await pinHere(place.directory);
    const url = listensNow(place.directory)?.url ?? urlOf(place);
    const line = enrolmentLine({ url, pin, secret: made.secret });
    const json = { host, line, endsAt: timeJson(made.expiresAt) };
    const say = [line, '', `On ${host}, within the hour: holdfast agent enroll - (and paste it).`];
    return { code: EXIT.done, say: () => say, json };
  });
}

export async function answerUser(
  cli: Cli,
  of: { readonly what: string; readonly name: string; readonly options: UserOptions },
): Promise<Answer> {
  const { what, name, options } = of;
  const command = 'server user';
  const role = ROLES.find((each) => each === options.role);
  if (role === undefined) {
    throw new Fault('HF_USAGE', `a role is one of ${ROLES.join(', ')}`, { command });
  }
  if (what !== 'add' && what !== 'remove') {
    throw new Fault('HF_USAGE', `user add or user remove, not ${sayText(what)}`, { command });
  }
  return withAccess(cli, options, async (access, place, store) => {
    const noteNow = async (): Promise<void> => {
      const users = namesIn(await store.users());
      const audit = await store.auditHead();
      noteUsers(place.directory, { audit, users, writtenAt: cli.clock.now() });
    };
    if (what === 'add') {
      const now = listensNow(place.directory);
      // Who may only read is let in by the page of `up`, which no browser warns of.
      const url = (role === 'viewer' ? now?.page : undefined) ?? now?.url ?? urlOf(place);
      const answer = await addUser(access, { name, role, url });
      await noteNow();
      return answer;
    }
    await access.removeUser(BY, name);
    await noteNow();
    return { code: EXIT.done, say: () => [`${name} is gone, with all sessions.`], json: { name } };
  });
}

async function addUser(
  access: Access,
  { name, role, url }: { readonly name: string; readonly role: Role; readonly url: string },
): Promise<Answer> {
  const isThere = (await access.users()).some((each) => each.name === name);
  const of = { name, role };
  await (isThere ? access.changeUser(BY, of) : access.makeUser(BY, of));
  const made = await access.makeLink(BY, name);
  const link = signInLink(url, made.secret);
  const json = { name, role, link, linkEndsAt: timeJson(made.expiresAt) };
  const may = [...scopesOf(role)].join(', ');
  const say = (style: Style): readonly string[] => [
    ...wrap(`${name} may: ${may}.`, style.width),
    '',
    'Signs in once, within 15 minutes:',
    link,
  ];
  return { code: EXIT.done, say, json };
}

export async function answerAccess(
  cli: Cli,
  { user, options }: { readonly user: string; readonly options: AccessOptions },
): Promise<Answer> {
  const command = 'server access';
  const scopes = options.scope.map((given): Scope => {
    const scope = ALL_SCOPES.find((each) => each === given);
    if (scope !== undefined) return scope;
    throw new Fault('HF_USAGE', `a scope is one of ${ALL_SCOPES.join(', ')}`, { command });
  });
  if (scopes.length === 0)
    throw new Fault('HF_USAGE', 'say what it may: --scope read', { command });
  const { label = 'made on the terminal', days = '90' } = options;
  if (!/^[1-9][0-9]{0,2}$/.test(days) || Number(days) > 400) {
    throw new Fault('HF_USAGE', '--days is a number from 1 to 400', { command });
  }
  return withAccess(cli, options, async (access) => {
    const forMs = Number(days) * DAY_MS;
    const made = await access.makeToken(BY, { owner: user, label, scopes, forMs });
    const json = { id: made.id, token: made.secret, endsAt: timeJson(made.expiresAt) };
    return { code: EXIT.done, say: () => [made.secret], json };
  });
}

async function withAccess(
  cli: Cli,
  options: ServerOptions,
  act: (access: Access, place: ServerPlace, store: ServerState) => Promise<Answer>,
): Promise<Answer> {
  const place = await serverPlace(cli, options);
  const store = await openOwnState(place.directory);
  try {
    const random = nodeRandom();
    const parts = { store, passwords: nodePasswordHash(), random, hash: nodeHash() };
    return await act(new Access({ ...parts, clock: cli.clock }), place, store);
  } finally {
    await store.close();
  }
}

/** @throws Fault HF_USAGE where the server chooses its port by itself */
function urlOf({ url }: ServerPlace): string {
  if (url !== undefined) return url;
  const message = 'this server listens on any free port: say where with `server: {url: ...}`';
  throw new Fault('HF_USAGE', message, { command: 'server' });
}
