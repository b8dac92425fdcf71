// A sender over the real state of a server, by mail: `node outbox-child.ts STATE PORT LATER_MS`.
import { smtpChannel } from '../../src/adapters/channels/smtp.ts';
import { NO_LINKS } from '../../src/adapters/channels/composed.ts';
import { nodeClock } from '../../src/adapters/node/clock.ts';
import { openServerState } from '../../src/adapters/sqlite/open-server-state.ts';
import { unixMs } from '../../src/base/units.ts';
import { wait } from '../../src/main/tell/telling.ts';
import { OutboxSender } from '../../src/tell/shell/outbox-sender.ts';

const [path = '', port = '', laterMs = ''] = process.argv.slice(2);
const clock = nodeClock();
const sender = new OutboxSender({
  store: await openServerState(path, { mustExist: true }),
  channels: [
    smtpChannel({
      name: 'mail',
      host: '127.0.0.1',
      port: Number(port),
      isImplicit: false,
      tls: 'none',
      sender: 'holdfast@example.org',
      to: ['ann@example.org'],
      links: NO_LINKS,
    }),
  ],
  clock: { now: () => unixMs(clock.now() + Number(laterMs)), monotonic: () => clock.monotonic() },
  rates: new Map([['mail', { count: 10_000, withinMs: 1000 }]]),
  wait,
});
await sender.run(new AbortController().signal);
