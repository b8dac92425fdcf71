/** Makes this host known to a server: a key of its own, and the one token that the line carries. */
import { AGENT_CONFIG, readAgentConfig } from '../../adapters/agent-config/agent-config-file.ts';
import {
  enrolmentFiles,
  isEnrolled,
  parseEnrolmentLine,
  writeEnrolment,
} from '../../adapters/agent-link/enrolment.ts';
import { HttpsLink } from '../../adapters/agent-link/https-link.ts';
import { newIdentity } from '../../adapters/agent-link/identity.ts';
import { nodeAgentClock } from '../../adapters/node/agent-clock.ts';
import { nodeDisk } from '../../adapters/node/disk.ts';
import { nodeTools } from '../../adapters/node/tools.ts';
import { byteString } from '../../base/bytes.ts';
import { Fault } from '../../base/fault.ts';
import type { Level } from '../../watch/core/agent/messages.ts';
import { VERSION } from '../version.ts';
import { agentDirectory } from './agent-places.ts';
import type { AgentOptions } from './run-agent.ts';

export interface EnrolOptions extends AgentOptions {
  /** `URL#PIN TOKEN`. */
  readonly line: string;
  /** In place of an enrolment that is there. */
  readonly isAgain: boolean;
}

export interface EnrolledHere {
  readonly host: string;
  readonly agent: string;
  readonly server: string;
  readonly level: Level;
  readonly files: readonly string[];
}

/**
 * Says what it will write before it asks.
 *
 * @throws Fault HF_AGENT_LINE, HF_AGENT_ENROLLED, and what a ServerLink throws
 */
export async function enrolHere(options: EnrolOptions): Promise<EnrolledHere> {
  const { place, token } = parseEnrolmentLine(options.line);
  const dir = agentDirectory(options.env, options.state);
  const server = `${place.host}:${place.port}`;
  if (isEnrolled(dir) && !options.isAgain) {
    throw new Fault('HF_AGENT_ENROLLED', `${dir} is enrolled already`, { server: dir });
  }
  const files = enrolmentFiles(dir);
  for (const file of files) options.say(`writes ${file}`);
  const level = readAgentConfig(options.config ?? AGENT_CONFIG).config.level ?? 'look';
  const identity = newIdentity();
  const link = new HttpsLink(identity, place);
  try {
    const { boot } = nodeAgentClock();
    const enrolled = await link.enrol({
      ...{ format: 'holdfast-enrol-0', token, publicKey: identity.publicKey },
      ...{ level, version: VERSION, boot },
    });
    const ports = { disk: nodeDisk(), tools: nodeTools() };
    const path = byteString(Buffer.from(dir, 'utf8').toString('latin1'));
    writeEnrolment(ports, path, { place, identity, host: enrolled.host });
    return { host: enrolled.host, agent: identity.agent, server, level, files };
  } finally {
    link.close();
  }
}
