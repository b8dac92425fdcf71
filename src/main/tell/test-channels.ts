/** A test message by each channel, now, and what each answered. */
import path from 'node:path';
import { nodeCipher } from '../../adapters/node/cipher.ts';
import { nodeRandom } from '../../adapters/node/random.ts';
import { Fault } from '../../base/fault.ts';
import { nearestWord } from '../../base/nearest-word.ts';
import { sayText } from '../../base/say-name.ts';
import { seconds } from '../../base/units.ts';
import type { Clock } from '../../host/clock.ts';
import { testOf } from '../../tell/core/confirmations.ts';
import type { ChannelPolicy } from '../../tell/core/tell-policy.ts';
import type { Channel, Sent } from '../../tell/shell/channel.ts';
import type { TellConfig } from '../../wire/tell-config.ts';
import { linkKeyThere } from '../../adapters/channels/link-key.ts';
import { openChannels } from './open-channels.ts';
import { randomId } from './random-id.ts';
import { tellPolicyOf } from './tell-policy-of.ts';
import { wait } from './telling.ts';

export interface Tested {
  readonly channel: string;
  readonly person: string;
  readonly sent: Sent;
  /** Its message asks for an answer. */
  readonly isAsking: boolean;
}

export interface TestRequest {
  readonly config: TellConfig | undefined;
  readonly configFile: string | undefined;
  readonly stateDirectory: string;
  /** All where none is named. */
  readonly names: readonly string[];
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const CHANNEL_MAX = seconds(30);

/** @throws Fault HF_TELL_WANTED, HF_TELL_CHANNEL_UNKNOWN, HF_TELL_SECRET */
export async function testChannels(request: TestRequest): Promise<readonly Tested[]> {
  const { config, names, clock } = request;
  if (config?.channels === undefined || Object.keys(config.channels).length === 0) {
    throw new Fault('HF_TELL_WANTED', 'nobody is told of anything yet: there is no channel');
  }
  const known = Object.keys(config.channels);
  for (const name of names) if (!known.includes(name)) throw unknownChannel(name, known);
  const wanted = names.length === 0 ? known : names;
  const key = linkKeyThere(request.stateDirectory);
  const channels = openChannels(
    {
      ...config,
      channels: Object.fromEntries(
        Object.entries(config.channels).filter(([name]) => wanted.includes(name)),
      ),
    },
    {
      directory: path.dirname(request.configFile ?? '.'),
      clock,
      linkKey: key === undefined ? undefined : { cipher: nodeCipher(), key },
      // What is open is known to the server alone; a test says nothing about it.
      openAlerts: undefined,
    },
  );
  const isAsking = key !== undefined && config.url !== undefined;
  const policies = tellPolicyOf(config).channels;
  return Promise.all(
    channels.flatMap((channel) => {
      const policy = policies.find(({ name }) => name === channel.name);
      return policy === undefined ? [] : [testOne(channel, policy, { ...request, isAsking })];
    }),
  );
}

async function testOne(
  channel: Channel,
  policy: ChannelPolicy,
  request: TestRequest & { readonly isAsking: boolean },
): Promise<Tested> {
  const { clock, signal, isAsking } = request;
  const newId = (): string => randomId(nodeRandom());
  const now = clock.now();
  const rows = testOf(policy, { confirmations: [], now, newId }).flatMap((change) =>
    change.do === 'outbox' ? [change.row] : [],
  );
  const ended = new AbortController();
  const late = wait(CHANNEL_MAX, ended.signal).then((): Sent => {
    return { outcome: 'failed', why: 'no answer within 30 s' };
  });
  const both = AbortSignal.any([signal, ended.signal]);
  let sent: Sent = { outcome: 'failed', why: 'nothing was sent' };
  for (const row of rows) sent = await Promise.race([channel.send(row, both), late]);
  ended.abort();
  return { channel: channel.name, person: policy.person, sent, isAsking };
}

function unknownChannel(name: string, known: readonly string[]): Fault {
  const near = nearestWord(name, known);
  const meant = near === undefined ? '' : `; did you mean ${near}?`;
  const message = `there is no channel ${sayText(name)}${meant}`;
  return new Fault('HF_TELL_CHANNEL_UNKNOWN', message, { known: known.join(', ') });
}
