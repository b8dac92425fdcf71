/** `holdfast claim`: others' plans that touch what you work on wait. */
import fs from 'node:fs';
import os from 'node:os';
import type { Command } from 'commander';
import { momentHere } from '../../adapters/node/boot-clock.ts';
import { endOf, type Moment } from '../../base/moment.ts';
import { fsPath } from '../../adapters/node/syscalls-path.ts';
import { Fault } from '../../base/fault.ts';
import { countOf } from '../../base/say-quantity.ts';
import { sayText } from '../../base/say-name.ts';
import { quoteWord } from '../../base/shell-word.ts';
import { layoutSentence } from '../../base/say-rows.ts';
import { type DurationMs, hours } from '../../base/units.ts';
import { type Claim, type ClaimedPlace, placeOfClaim } from '../../guard/core/claims.ts';
import { ClaimStore } from '../../guard/shell/claim-store.ts';
import { StoppedBook } from '../../guard/shell/stopped-book.ts';
import { FreezeSwitch } from '../../guard/shell/freeze-switch.ts';
import { coolingOff } from '../guard/cooling-off.ts';
import { type GuardSession, openGuard } from '../guard/guard-session.ts';
import { claimTable, loginNotice, untilOf } from '../guard/held-words.ts';
import type { Act, Answer, Cli } from './cli.ts';
import { EXIT } from './exit-code.ts';
import { bytesJson, timeJson } from './json-shape.ts';
import { absolutePath, bytesOfArgument } from './places.ts';
import { reasonOf } from './reason.ts';
import { readSettings } from './settings.ts';
import { parseTimeLimit } from './time-limit.ts';

interface Options {
  readonly config?: string;
  readonly reason?: string;
  readonly for?: string;
  readonly end?: true;
  readonly motd?: true;
}

const SPAN_HABIT = hours(4);

const EXAMPLE = `
Without arguments: the claims that stand. A claim holds the plans of others that
read from the place or write to it, until it ends, or is ended by --end. It
counts on the machine where it is made.

Examples:
  holdfast claim tin --reason "re-imaging" --for 3h
  holdfast claim /srv/release --reason "checking sums"
  holdfast claim --end c-7f3a9c41
  echo 'holdfast claim --motd' > /etc/update-motd.d/60-holdfast    # at login`;

export function define(command: Command, act: Act): void {
  command
    .summary("say that you work on a host or directory: others' plans wait")
    .description("Claims a host, or a directory: others' plans that touch it are held.")
    .argument('[place]', 'a host, /path, or host:/path; with --end also a claim')
    .option('--reason <text>', 'what you do there; others are told')
    .option('--for <span>', 'how long, such as 90m or 3h; else 4h')
    .option('--end', 'end the claim of that name or place')
    .option('--motd', 'what somebody who logs in should know; nothing where there is nothing')
    .option('--config <file>', 'another configuration file')
    .addHelpText('after', EXAMPLE)
    .action(
      act(async (cli, [place, options]: [string | undefined, Options]) => {
        const session = await openGuard(cli, await readSettings(cli, options));
        if (options.motd === true) return notice(cli, session);
        if (place === undefined) return list(cli, session, options);
        return options.end === true
          ? end(cli, session, place)
          : add(cli, session, { place, options });
      }),
    );
}

async function add(
  cli: Cli,
  session: GuardSession,
  { place, options }: { readonly place: string; readonly options: Options },
): Promise<Answer> {
  const reason = reasonOf(options.reason, { command: 'claim', example: 're-imaging' });
  const now = momentHere(cli.clock);
  const claim = storeOf(session).add(
    { by: session.actor.name, reason, made: now, spanMs: spanOf(options), on: placeOf(cli, place) },
    now,
  );
  const until = untilOf(claim, now);
  const isHost = claim.on.path === undefined;
  const what = `${isHost ? 'The host ' : ''}${placeOfClaim(claim, hostsHere())}`;
  const isDirToo = isHost && fs.existsSync(fsPath(absolutePath(cli.cwd, bytesOfArgument(place))));
  return {
    code: EXIT.done,
    say: (style) => [
      ...layoutSentence(style, {
        mark: { is: 'held' },
        text: `${what} is claimed until ${until}, by ${sayText(claim.by)}. Plans of others that touch it wait.`,
      }),
      '',
      ...(isDirToo
        ? [`  Meant ./${sayText(place)}?  holdfast claim ./${quoteWord(place)} --reason ...`]
        : []),
      `  End it     holdfast claim --end ${claim.id}`,
    ],
    json: claimJson(claim, now),
  };
}

async function list(cli: Cli, session: GuardSession, options: Options): Promise<Answer> {
  if (options.end === true) throw usage('say which: --end c-...');
  const now = momentHere(cli.clock);
  const claims = storeOf(session).list(now);
  const text = claims.length === 0 ? 'Nothing is claimed.' : `${countOf(claims.length, 'claim')}.`;
  return {
    code: EXIT.done,
    say: (style) =>
      claims.length === 0
        ? [text]
        : [text, '', ...claimTable(style, claims, { now, hostsHere: hostsHere() })],
    json: { claims: claims.map((claim) => claimJson(claim, now)) },
  };
}

async function end(cli: Cli, session: GuardSession, named: string): Promise<Answer> {
  const now = momentHere(cli.clock);
  const store = storeOf(session);
  const asked = /^c-[0-9a-f]{8}$/.test(named)
    ? named
    : (store.list(now).find(isOn(cli, named))?.id ??
      store.list(now).find(isOn(cli, `./${named}`))?.id);
  const ended = asked === undefined ? undefined : store.end(asked);
  if (ended === undefined) {
    throw new Fault('HF_CLAIM_UNKNOWN', `there is no claim ${sayText(named)}`);
  }
  const whose = ended.by === session.actor.name ? '' : ` of ${sayText(ended.by)}`;
  return {
    code: EXIT.done,
    say: () => [`The claim${whose} on ${placeOfClaim(ended, hostsHere())} has ended.`],
    json: { ended: ended.id, by: session.actor.name },
  };
}

async function notice(cli: Cli, session: GuardSession): Promise<Answer> {
  const now = momentHere(cli.clock);
  const claims = storeOf(session).list(now);
  const freeze = new FreezeSwitch({ ...session.ports, stateDir: session.stateDir }).check(
    () => now,
  );
  const waiting = [...stillStopped(session, freeze), ...(await coolingOff(session, now))];
  return {
    code: EXIT.done,
    say: (style) => loginNotice(style, { claims, freeze, waiting, now, hostsHere: hostsHere() }),
    json: {
      claims: claims.map((claim) => claimJson(claim, now)),
      isFrozen: freeze !== undefined,
      waiting,
    },
  };
}

/** A freeze that is over starts nothing by itself: who logs in should know what still waits. */
function stillStopped({ ports, stateDir }: GuardSession, freeze: unknown): readonly string[] {
  const names = new StoppedBook({ ...ports, stateDir }).names();
  if (freeze !== undefined || names.length === 0) return [];
  const which = names.map((name) => sayText(name)).join(', ');
  return [`A freeze has ended, and what it stopped is still stopped: ${which} (holdfast unfreeze)`];
}

function storeOf({ ports, stateDir }: GuardSession): ClaimStore {
  return new ClaimStore({ ...ports, stateDir });
}

function spanOf(options: Options): DurationMs {
  return options.for === undefined ? SPAN_HABIT : parseTimeLimit(options.for, 'claim', '--for');
}

/** What has a slash is a path; what stands before a colon is a host. */
function placeOf(cli: Cli, given: string): ClaimedPlace {
  const remote = /^([^/:]+):(\/.*)$/.exec(given);
  const path = (text: string) => absolutePath(cli.cwd, bytesOfArgument(text));
  if (remote !== null) return { host: remote[1] ?? '', path: path(remote[2] ?? '') };
  return given.includes('/') || given === '.' || given === '..'
    ? { path: path(given) }
    : { host: given };
}

function isOn(cli: Cli, named: string): (claim: Claim) => boolean {
  const wanted = placeOf(cli, named);
  return ({ on }) => on.host === wanted.host && on.path === wanted.path;
}

function claimJson({ id, by, reason, made, spanMs, on }: Claim, now: Moment): object {
  const path = on.path === undefined ? {} : bytesJson('path', on.path);
  return {
    id,
    by,
    reason,
    host: on.host ?? null,
    ...path,
    until: timeJson(endOf(made, spanMs, now)),
  };
}

function hostsHere(): readonly string[] {
  return [os.hostname()];
}

function usage(message: string): Fault {
  return new Fault('HF_USAGE', message, { command: 'claim' });
}
